/** Entry of the thread in which an engine under test runs. The engine blocks it; commands come with a wake-up. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Command, EngineSetup, Report } from "./protocol.js";
import { Puppet } from "./puppet.js";
import { createEngine } from "./variant.js";

const port = parentPort!;
const setup = workerData as EngineSetup;
const report = (message: Report): void => port.postMessage(message);

const engine = await createEngine(setup.kind, setup.buffers, setup);
const puppet = new Puppet(engine, report);
let stopped = false;

function carryOut(commands: readonly Command[]): void {
  for (const command of commands) {
    puppet.carryOut(command);
    if (command.do === "stop") stopped = true;
  }
}

if (engine.wakeFd < 0) {
  port.on("message", (commands: readonly Command[]) => {
    carryOut(commands);
    engine.onWake();
    if (stopped) settle(100);
  });
} else {
  engine.onWake = () => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      carryOut(next.message as readonly Command[]);
    }
  };
}
report({ type: "ready", wakeFd: engine.wakeFd });
engine.run();
if (engine.wakeFd >= 0) settle(0);

/** Reports what is left; sockets of the node engine give buffers back in later turns of the event loop. */
function settle(turns: number): void {
  if (turns > 0 && engine.memory.used > 0) {
    setImmediate(settle, turns - 1);
    return;
  }
  report({ type: "stopped", used: engine.memory.used, open: engine.stats.open });
  port.close();
}
