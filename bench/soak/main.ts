/**
 * `npm run soak -- [--engine NAMES] [--requests N] [--seed N] [--workers N] [--connections N] [--kill-endpoints]
 * [--reloads]`: random requests through each engine. Ends with 1 when anything was not as it must be.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { soak } from "./run.js";

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "io_uring,epoll,node" },
    requests: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    workers: { type: "string", default: "1" },
    connections: { type: "string", default: "64" },
    "kill-endpoints": { type: "boolean", default: false },
    reloads: { type: "boolean", default: false },
  },
});

/** Endpoints need a moment to come back; reloads do not. */
const KILL_MS = 1000;
const RELOAD_MS = 500;
const MEBIBYTE = 2 ** 20;

const options = {
  workers: Number(values.workers),
  requests: Number(values.requests),
  connections: Number(values.connections),
  seed: Number(values.seed),
  killMs: values["kill-endpoints"] ? KILL_MS : 0,
  reloadMs: values.reloads ? RELOAD_MS : 0,
};
let isGood = true;
for (const engine of values.engine.split(",")) {
  console.log(`\n${engine}: ${options.requests} requests, seed ${options.seed}, ${options.workers} workers`);
  let shownAt = performance.now();
  const report = await soak({
    ...options,
    engine,
    onProgress: (done, tally, resident) => {
      if (performance.now() - shownAt < 10_000) return;
      shownAt = performance.now();
      console.log(`${done} done, ${(resident / MEBIBYTE).toFixed(1)} MiB, ${JSON.stringify(tally)}`);
    },
  });
  const { failures, ...figures } = report;
  console.log(JSON.stringify(figures, undefined, 2));
  for (const failure of failures) console.log(`FAILED (seed ${options.seed}) ${failure}`);
  if (failures.length > 0) isGood = false;
}
process.exit(isGood ? 0 : 1);
