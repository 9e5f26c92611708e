/**
 * A worker thread: one engine, one data plane. With a native engine the thread stays inside `engine.run()`, so messages
 * are fetched when the main thread writes to the wake descriptor, never by an event loop.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { createRandom } from "../base/random.js";
import { Timer } from "../base/timer-wheel.js";
import { SharedState } from "../cluster/shared.js";
import { chooseEngine } from "../engine/choose.js";
import { openMetrics } from "../observe/layout.js";
import { LogRingWriter } from "../observe/log-ring.js";
import { ProxyContext } from "./context.js";
import { DataPlane } from "./data-plane.js";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.js";
import { reportFigures } from "./worker-figures.js";

const port = parentPort!;
const start = workerData as WorkerStart;
const post = (message: FromWorker): void => port.postMessage(message);

const { engine, reason } = await chooseEngine(start.engine, start.limits.bufferBytes, {
  highWaterBytes: start.limits.highWaterBytes,
  lowWaterBytes: start.limits.highWaterBytes >> 2,
  backlog: 4096,
  reusePort: start.workers > 1,
});

const context = new ProxyContext({
  engine,
  metrics: openMetrics(start.metrics),
  shared: new SharedState(start.shared),
  worker: start.worker,
  random: createRandom(start.seed),
  main: {
    log: (record) => post({ kind: "log", record }),
    failures: (cluster, endpoint) => post({ kind: "failures", cluster, endpoint }),
  },
  wallClock: Date.now,
});
const dataPlane = new DataPlane(context, new LogRingWriter(start.logRing));

function handle(message: ToWorker): void {
  switch (message.kind) {
    case "apply": {
      let error: string | undefined;
      try {
        dataPlane.apply(message.snapshot);
      } catch (cause) {
        error = cause instanceof Error ? cause.message : String(cause);
      }
      post({ kind: "applied", id: message.id, error, listening: dataPlane.listening });
      break;
    }
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

function drain(deadlineMs: number): void {
  let done = false;
  const finish = () => {
    if (done) return;
    done = true;
    post({ kind: "drained" });
  };
  context.onConnectionEnd = () => {
    if (context.connections === 0) finish();
  };
  engine.timers.set(
    new Timer(() => {
      if (!done) dataPlane.abort();
      finish();
    }),
    engine.now() + deadlineMs,
  );
  dataPlane.drain();
  context.onConnectionEnd();
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

/** The descriptors that an engine opened by FFI outlive its thread: close them, or clients would wait on a dead listener. */
function crash(error: unknown): void {
  engine.stop();
  if (engine.kind !== "node") engine.run();
  post({ kind: "crashed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exit(1);
}

reportFigures(context);
post({ kind: "ready", engine: engine.kind, reason, wakeFd: engine.wakeFd });
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
