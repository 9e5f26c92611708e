/**
 * `npm run bench -- [--scenario NAMES] [--peers NAMES] [--rounds N] [--seconds N] [--json FILE]`: the same work for every
 * proxy in interleaved rounds, one table per scenario. bench/README.md says how to read it.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startBackend } from "./backend.js";
import { cleanUpAtExit, makeFolder } from "./child.js";
import { medianRatio, medianSample } from "./figures.js";
import { describeMachine } from "./machine.js";
import { PEERS } from "./peers/index.js";
import { runScenario } from "./run.js";
import { SCENARIOS } from "./scenarios/index.js";
import { formatTable, REFERENCES } from "./table.js";

const { values } = parseArgs({
  options: {
    scenario: { type: "string" },
    peers: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    json: { type: "string" },
  },
});

/** Load average above which something else is running. */
const BUSY = 0.5;

/** Those of `all` that a comma-separated list names, in full or by their beginning. */
function choose<T extends { readonly name: string }>(all: readonly T[], list: string): T[] {
  const names = list.split(",");
  for (const name of names) {
    if (!all.some((each) => each.name.startsWith(name))) {
      throw new Error(`there is no "${name}"; known: ${all.map((each) => each.name).join(", ")}`);
    }
  }
  const exact = (name: string): boolean => all.some((each) => each.name === name);
  return all.filter((each) => names.some((name) => (exact(name) ? each.name === name : each.name.startsWith(name))));
}

cleanUpAtExit();
const machine = describeMachine();
if (machine.load > BUSY) {
  console.error(`the machine is busy (load ${machine.load.toFixed(1)}): latencies above all will say little`);
}
const scenarios = values.scenario === undefined ? SCENARIOS : choose(SCENARIOS, values.scenario);
const chosen = values.peers === undefined ? undefined : choose(PEERS, values.peers);
const options = { rounds: Number(values.rounds), seconds: Number(values.seconds), folder: makeFolder() };
const backend = await startBackend(options.folder);
const results = [];
for (const scenario of scenarios) {
  const usual = chosen ?? PEERS.filter(({ name }) => scenario.peers?.includes(name) ?? true);
  const peers = scenario.roster ?? usual.filter((peer) => peer.protocols.includes(scenario.protocol));
  const own = await scenario.startEndpoints?.();
  const rounds = await runScenario(scenario, peers, (own ?? backend).ports, options);
  await own?.child.stop();
  console.log(`\n${scenario.name}: ${scenario.question}\n${formatTable(scenario.bar, rounds)}`);
  results.push({
    scenario: scenario.name,
    bar: scenario.bar,
    peers: rounds.map((peer) => ({
      ...peer,
      median: medianSample(peer.rounds),
      ratio: Object.fromEntries(
        REFERENCES.map((name) => {
          const reference = rounds.find((other) => other.name === name);
          return [name, reference && medianRatio(scenario.bar, peer.rounds, reference.rounds)];
        }),
      ),
    })),
  });
}
await backend.child.stop();
if (values.json !== undefined) {
  const { rounds, seconds } = options;
  writeFileSync(values.json, `${JSON.stringify({ ...machine, rounds, seconds, results }, undefined, 2)}\n`);
}
process.exit();
