/** The main thread's end of one worker: starts its thread, speaks to it, and starts it anew when it dies. */
import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Clock } from "../base/clock.js";
import { LbError } from "../base/errors.js";
import type { SharedState } from "../cluster/shared.js";
import type { Address } from "../model/address.js";
import { openMetrics, resetGauges } from "../observe/layout.js";
import type { LogRecord } from "./log-record.js";
import type { FromWorker, Snapshot, ToWorker, WorkerStart } from "./messages.js";

export interface WorkerEvents {
  log(record: LogRecord): void;
  failures(cluster: string, endpoint: string): void;
}

export interface Named {
  readonly name: string;
  readonly address: Address;
}

/** A worker that lived shorter than this is not replaced at once: what killed it is probably still there. */
const SHORT_LIFE_MS = 10_000;
const RESTART_DELAY_MS = 1000;
const WAKE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

export class WorkerHandle {
  readonly metrics: Float64Array;
  engine = "";
  restarts = 0;
  listening: readonly Named[] = [];
  readonly #start: WorkerStart;
  readonly #script: URL;
  readonly #shared: SharedState;
  readonly #clock: Clock;
  readonly #events: WorkerEvents;
  #thread: Worker | undefined = undefined;
  #wakeFd = -1;
  #bornAt = 0;
  #snapshot: Snapshot | undefined = undefined;
  #applyId = 0;
  #onApplied: ((error: string | undefined) => void) | undefined = undefined;
  #onDrained: (() => void) | undefined = undefined;
  #crash = "";
  #stopping = false;

  /** @param script the worker's module */
  constructor(start: WorkerStart, script: URL, shared: SharedState, clock: Clock, events: WorkerEvents) {
    this.#start = start;
    this.#script = script;
    this.#shared = shared;
    this.#clock = clock;
    this.#events = events;
    this.metrics = openMetrics(start.metrics);
  }

  /** Resolves once the engine runs. Rejects when no engine can be had. */
  start(): Promise<void> {
    const thread = new Worker(this.#script, { workerData: this.#start, stdout: false, stderr: false });
    this.#thread = thread;
    this.#crash = "";
    this.#bornAt = this.#clock.now();
    return new Promise((resolve, reject) => {
      thread.on("message", (message: FromWorker) => {
        if (message.kind === "ready") {
          this.#onReady(message);
          resolve();
        } else this.#onMessage(message);
      });
      thread.on("error", (error) => {
        this.#crash ||= error.stack ?? error.message;
      });
      thread.on("exit", () => {
        reject(new LbError("INTERNAL", `worker ${this.#start.worker} did not start: ${this.#crash}`));
        this.#onExit();
      });
    });
  }

  /** Resolves with undefined, or with the reason why the worker keeps its old configuration. */
  apply(snapshot: Snapshot): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#onApplied = (error) => {
        if (error === undefined) this.#snapshot = snapshot;
        resolve(error);
      };
      this.#post({ kind: "apply", id: ++this.#applyId, snapshot });
    });
  }

  drain(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#post({ kind: "drain", deadlineMs });
    });
  }

  stop(): Promise<void> {
    this.#stopping = true;
    const thread = this.#thread;
    if (thread === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      thread.once("exit", () => resolve());
      this.#post({ kind: "stop" });
    });
  }

  #post(message: ToWorker): void {
    this.#thread?.postMessage(message);
    if (this.#wakeFd >= 0) writeSync(this.#wakeFd, WAKE);
  }

  #onReady(message: Extract<FromWorker, { kind: "ready" }>): void {
    this.engine = message.engine;
    this.#wakeFd = message.wakeFd;
    const { worker } = this.#start;
    this.#events.log({
      level: "info",
      event: "engine",
      message: `worker ${worker} runs on ${message.reason}`,
      fields: { worker, engine: message.engine },
    });
  }

  #onMessage(message: Exclude<FromWorker, { kind: "ready" }>): void {
    switch (message.kind) {
      case "applied":
        if (message.id !== this.#applyId) break;
        this.listening = message.listening;
        this.#onApplied?.(message.error);
        break;
      case "drained":
        this.#onDrained?.();
        break;
      case "failures":
        this.#events.failures(message.cluster, message.endpoint);
        break;
      case "log":
        this.#events.log(message.record);
        break;
      case "crashed":
        this.#crash = message.message;
        break;
    }
  }

  #onExit(): void {
    const wasReady = this.#wakeFd >= 0 || this.engine !== "";
    this.#thread = undefined;
    this.#wakeFd = -1;
    this.listening = [];
    this.#onApplied?.("the worker died");
    this.#onDrained?.();
    // What it held would count for ever.
    this.#shared.reclaim(this.#start.worker);
    resetGauges(this.metrics);
    if (this.#stopping || !wasReady) return;
    const delay = this.#clock.now() - this.#bornAt < SHORT_LIFE_MS ? RESTART_DELAY_MS : 0;
    const { worker } = this.#start;
    this.restarts++;
    this.#events.log({
      level: "error",
      event: "worker_crashed",
      message: `worker ${worker} died and is replaced; its connections are lost`,
      fields: { worker, cause: this.#crash },
    });
    this.#clock.after(delay, () => void this.#replace());
  }

  async #replace(): Promise<void> {
    if (this.#stopping) return;
    try {
      await this.start();
      if (this.#snapshot !== undefined) await this.apply(this.#snapshot);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#events.log({ level: "error", event: "worker_lost", message });
      this.#clock.after(RESTART_DELAY_MS, () => void this.#replace());
    }
  }
}
