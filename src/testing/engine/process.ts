/** Entry of a process that does nothing but run one engine in a thread and pass messages on. */
import { ThreadHost } from "./host.js";
import type { Command, EngineSetup } from "./protocol.js";

process.once("message", (setup: EngineSetup) => {
  const host = new ThreadHost(setup, {
    onReport: (report) => process.send!(report),
    onError: (error) => {
      throw error;
    },
  });
  process.on("message", (commands: readonly Command[]) => host.tell(commands));
  host.gone.then(() => process.disconnect());
});
