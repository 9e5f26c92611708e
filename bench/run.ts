/** Runs one scenario over its proxies: interleaved rounds, in alternating order, so that no proxy owns the good minutes. */
import type { Sample } from "./figures.js";
import type { Peer, RunningPeer } from "./peers/peer.js";
import type { RunOptions, Scenario } from "./scenarios/scenario.js";
import type { PeerResult } from "./table.js";
import { verify } from "./verify.js";

interface Entry {
  readonly peer: Peer;
  readonly rounds: Sample[];
  running: RunningPeer | undefined;
  failure: string | undefined;
}

/** Characters of a failure that are shown. */
const MAX_FAILURE = 400;

export async function runScenario(
  scenario: Scenario,
  peers: readonly Peer[],
  endpoints: readonly number[],
  options: RunOptions & { readonly rounds: number },
): Promise<PeerResult[]> {
  const entries: Entry[] = peers.map((peer) => ({ peer, rounds: [], running: undefined, failure: undefined }));
  const attempt = async (entry: Entry, task: () => Promise<void>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      const said = entry.running?.child.output() ?? "";
      entry.failure = `${(error as Error).message} ${said}`.replace(/\s+/g, " ").trim().slice(0, MAX_FAILURE);
      console.error(`${scenario.name}: ${entry.peer.name} failed: ${entry.failure}`);
    }
  };
  const start = (entry: Entry): Promise<void> =>
    attempt(entry, async () => {
      entry.running = await entry.peer.start({ protocol: scenario.protocol, endpoints, folder: options.folder });
      if (scenario.startEndpoints === undefined) await verify(entry.running.port);
    });

  for (const entry of entries) await start(entry);
  const alive = entries.filter((entry) => entry.failure === undefined);
  const measure = await scenario.prepare(
    alive.map((entry) => entry.running!),
    options,
  );
  for (let round = 0; round < options.rounds; round++) {
    // Forwards, backwards, forwards: a drift of the machine does not always favour the same side.
    for (const entry of round % 2 === 0 ? alive : alive.toReversed()) {
      if (entry.failure !== undefined) continue;
      if (scenario.fresh && round > 0) {
        await entry.running?.child.stop();
        await start(entry);
        if (entry.failure !== undefined) continue;
      }
      await attempt(entry, async () => {
        entry.rounds.push(await measure(entry.running!, round));
      });
      console.error(`${scenario.name}: round ${round + 1}/${options.rounds} ${entry.peer.name}`);
    }
  }
  await Promise.all(entries.map((entry) => entry.running?.child.stop()));
  return entries.map(({ peer, rounds, failure }) => ({ name: peer.name, rounds, failure }));
}
