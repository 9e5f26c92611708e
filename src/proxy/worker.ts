/**
 * A worker thread: one engine, one data plane. With a native engine the thread stays inside `engine.run()`, so messages
 * are fetched when the main thread writes to the wake descriptor, never by an event loop.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { createRandom } from "../base/random.js";
import { SharedState } from "../cluster/shared.js";
import { chooseEngine, duplicateWake } from "../engine/choose.js";
import { openMetrics, W } from "../observe/layout.js";
import { LogRingWriter } from "../observe/log-ring.js";
import { ProxyContext } from "./context.js";
import { DataPlane } from "./data-plane.js";
import { watchDrainEnd } from "./drain-end.js";
import type { Answer, FromWorker, Named, ToWorker, WorkerStart } from "./messages.js";
import { watchOverload } from "./overload-watch.js";
import { reportFigures } from "./worker-figures.js";

const port = parentPort!;
const start = workerData as WorkerStart;
const post = (message: FromWorker): void => port.postMessage(message);

const options = {
  highWaterBytes: start.limits.highWaterBytes,
  lowWaterBytes: start.limits.highWaterBytes >> 2,
  backlog: 4096,
  reusePort: start.workers > 1,
};
const descriptors = new Uint8Array(start.descriptors);
const { engine, reason, sharesPorts } = await chooseEngine(
  start.engine,
  start.limits.bufferBytes,
  options,
  descriptors,
);
const wakeFd = await duplicateWake(engine);

const context = new ProxyContext({
  engine,
  metrics: openMetrics(start.metrics),
  shared: new SharedState(start.shared),
  worker: start.worker,
  random: createRandom(start.seed),
  secret: start.secret,
  main: {
    log: (record) => post({ kind: "log", record }),
    failures: (cluster, endpoint, row) => post({ kind: "failures", cluster, endpoint, row }),
  },
  wallClock: Date.now,
  clockOffset: performance.timeOrigin - start.timeOrigin,
});
const dataPlane = new DataPlane(context, new LogRingWriter(start.logRing));

function handle(message: ToWorker): void {
  switch (message.kind) {
    case "prepare":
      post({ kind: "done", id: message.id, answer: attempt(() => dataPlane.prepare(message.listeners)) });
      break;
    case "apply":
      post({
        kind: "done",
        id: message.id,
        answer: attempt(() => {
          dataPlane.apply(message.snapshot);
          return dataPlane.listening;
        }),
      });
      break;
    case "amend":
      post({
        kind: "done",
        id: message.id,
        answer: attempt(() => {
          dataPlane.amend(message.part);
          return dataPlane.listening;
        }),
      });
      break;
    case "plan":
      dataPlane.follow(message.cluster, message.plan);
      break;
    case "drain":
      drain(message.deadlineMs);
      break;
    case "stop":
      stop();
      break;
    default:
      throw new Error(`unknown message ${JSON.stringify(message)}`);
  }
}

function attempt(task: () => Named[]): Answer {
  try {
    return { error: undefined, listening: task() };
  } catch (cause) {
    return { error: cause instanceof Error ? cause.message : String(cause), listening: [] };
  }
}

function drain(deadlineMs: number): void {
  dataPlane.drain(deadlineMs);
  watchDrainEnd(
    context,
    engine.timers,
    () => engine.now(),
    deadlineMs,
    () => post({ kind: "drained" }),
  );
}

function stop(): void {
  engine.stop();
  port.close();
}

function receiveAll(): void {
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    handle(next.message as ToWorker);
  }
}

/** Native engines close their sockets when they leave `run`; the thread's end alone would not. */
function crash(error: unknown): void {
  context.metrics[W.UNCAUGHT]++;
  post({ kind: "crashed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  engine.stop();
  if (engine.kind !== "node") engine.run();
  process.exit(1);
}

reportFigures(context);
watchOverload(context);
post({ kind: "ready", engine: engine.kind, reason, sharesPorts, wakeFd });
if (engine.kind === "node") {
  process.on("uncaughtException", crash);
  port.on("message", handle);
  engine.run();
} else {
  engine.onWake = receiveAll;
  try {
    engine.run();
  } catch (error) {
    crash(error);
  }
}
