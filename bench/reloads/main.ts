/**
 * `npm run reloads -- [--engine NAMES] [--reloads N] [--rate N] [--workers N] [--pause MS]`: reloads under load, with downloads and
 * WebSockets open. Ends with 1 when a request failed or anything was cut.
 */
import { parseArgs } from "node:util";
import { runReloads } from "./run.js";

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "io_uring,epoll" },
    reloads: { type: "string", default: "20" },
    rate: { type: "string", default: "2000" },
    workers: { type: "string", default: "1" },
    pause: { type: "string", default: "500" },
  },
});

const [reloads, perSecond, workers, pauseMs] = [values.reloads, values.rate, values.workers, values.pause].map(Number);
/** A reload takes its file watch a quarter of a second. */
const downloadSeconds = Math.ceil((reloads * (pauseMs + 400)) / 1000) + 2;
let isGood = true;
for (const engine of values.engine.split(",")) {
  const report = await runReloads({ engine, workers, reloads, pauseMs, perSecond, lasting: 10, downloadSeconds });
  const { requests, failed, cut, echoes, changes, complaints } = report;
  console.log(
    `${engine}: ${requests} requests at ${report.perSecond}/s over ${changes.length} reloads, ${echoes} echoes`,
  );
  console.log(`${failed.length} failed, ${cut.length} cut`);
  for (const line of [...new Set([...failed, ...cut, ...complaints])].slice(0, 20)) console.log(`  ${line}`);
  if (failed.length + cut.length + complaints.length > 0 || changes.length !== reloads) isGood = false;
}
process.exit(isGood ? 0 : 1);
