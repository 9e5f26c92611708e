/** The main thread's end of one worker: starts its thread, speaks to it, and starts it anew when it dies. */
import { closeSync, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Clock } from "../base/clock.js";
import { LbError } from "../base/errors.js";
import type { Plan } from "../cluster/plan.js";
import type { SharedState } from "../cluster/shared.js";
import type { FailureRow } from "../model/outcome.js";
import type { ListenerSpec } from "../model/spec.js";
import { openMetrics, resetGauges } from "../observe/layout.js";
import type { LogRecord } from "./log-record.js";
import type { Answer, FromWorker, Named, Snapshot, ToWorker, WorkerStart } from "./messages.js";

export interface WorkerEvents {
  log(record: LogRecord): void;
  failures(cluster: string, endpoint: string, row: FailureRow): void;
}

/** A worker that lived shorter than this is not replaced at once: what killed it is probably still there. */
const SHORT_LIFE_MS = 10_000;
const RESTART_DELAY_MS = 1000;
/** A thread that has not ended so long after it was told to is ended by force. */
const STOP_MS = 2000;
const NO_ANSWER: Answer = { error: undefined, listening: [] };
const WAKE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

export class WorkerHandle {
  readonly metrics: Float64Array;
  engine = "";
  sharesPorts = true;
  restarts = 0;
  listening: readonly Named[] = [];
  readonly #start: WorkerStart;
  readonly #script: URL;
  readonly #shared: SharedState;
  readonly #clock: Clock;
  readonly #events: WorkerEvents;
  #thread: Worker | undefined = undefined;
  /** The thread is up, and a replacement has been given what its predecessor served. */
  #serving = false;
  #wakeFd = -1;
  #bornAt = 0;
  /** What a new thread begins with. */
  #snapshot: Snapshot | undefined = undefined;
  #lastId = 0;
  readonly #questions = new Map<number, (answer: Answer) => void>();
  #onDrained: () => void = () => {};
  #cancelRestart: () => void = () => {};
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
  async start(): Promise<void> {
    await this.#spawn();
    this.#serving = true;
  }

  #spawn(): Promise<void> {
    const thread = new Worker(this.#script, { workerData: this.#start, stdout: false, stderr: false });
    this.#thread = thread;
    this.#crash = "";
    this.#bornAt = this.#clock.now();
    let isReady = false;
    return new Promise((resolve, reject) => {
      thread.on("message", (message: FromWorker) => {
        if (message.kind === "ready") {
          isReady = true;
          this.#onReady(message);
          resolve();
        } else this.#onMessage(message);
      });
      thread.on("error", (error) => {
        this.#crash ||= error.stack ?? error.message;
      });
      thread.on("exit", async () => {
        this.#onExit();
        await this.#closeLeftOpen();
        if (!isReady) reject(new LbError("INTERNAL", `worker ${this.#start.worker} did not start: ${this.#crash}`));
        else if (!this.#stopping) this.#onDeath();
      });
    });
  }

  /** What a dead worker is asked its successor will do: it begins with the last configuration. */
  prepare(listeners: readonly ListenerSpec[]): Promise<Answer> {
    return this.#ask((id) => ({ kind: "prepare", id, listeners }));
  }

  /** With an error the worker keeps its old configuration. */
  apply(snapshot: Snapshot): Promise<Answer> {
    return this.#adopt(snapshot, (id) => ({ kind: "apply", id, snapshot }));
  }

  /** @param part all of `snapshot` that is new to the worker */
  amend(snapshot: Snapshot, part: Snapshot): Promise<Answer> {
    return this.#adopt(snapshot, (id) => ({ kind: "amend", id, part }));
  }

  async #adopt(snapshot: Snapshot, question: (id: number) => ToWorker): Promise<Answer> {
    const answer = await this.#ask(question);
    if (answer.error === undefined) {
      this.#snapshot = snapshot;
      this.listening = answer.listening;
    }
    return answer;
  }

  /** A worker that is being replaced will begin with it. */
  follow(cluster: string, plan: Plan): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    this.#snapshot = { ...snapshot, plans: new Map(snapshot.plans).set(cluster, plan) };
    if (this.#serving) this.#post({ kind: "plan", cluster, plan });
  }

  drain(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    if (!this.#serving) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#post({ kind: "drain", deadlineMs });
    });
  }

  stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelRestart();
    const thread = this.#thread;
    if (thread === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#clock.after(STOP_MS, () => void thread.terminate());
      thread.once("exit", () => {
        cancel();
        resolve();
      });
      this.#post({ kind: "stop" });
    });
  }

  #ask(question: (id: number) => ToWorker): Promise<Answer> {
    if (!this.#serving) return Promise.resolve(NO_ANSWER);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#questions.set(id, resolve);
      this.#post(question(id));
    });
  }

  #post(message: ToWorker): void {
    this.#thread?.postMessage(message);
    this.#wake();
  }

  #wake(): void {
    if (this.#wakeFd >= 0) writeSync(this.#wakeFd, WAKE);
  }

  #onReady(message: Extract<FromWorker, { kind: "ready" }>): void {
    this.engine = message.engine;
    this.sharesPorts = message.sharesPorts;
    this.#wakeFd = message.wakeFd;
    // What was posted before nobody has woken it for.
    this.#wake();
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
      case "done": {
        const answer = this.#questions.get(message.id);
        this.#questions.delete(message.id);
        answer?.(message.answer);
        break;
      }
      case "drained":
        this.#onDrained();
        break;
      case "failures":
        this.#events.failures(message.cluster, message.endpoint, message.row);
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
    this.#thread = undefined;
    this.#serving = false;
    this.listening = [];
    if (this.#wakeFd >= 0) closeSync(this.#wakeFd);
    this.#wakeFd = -1;
    // What it held would count for ever.
    this.#shared.reclaim(this.#start.worker);
    resetGauges(this.metrics);
    // Its successor will do what it was asked.
    for (const answer of this.#questions.values()) answer(NO_ANSWER);
    this.#questions.clear();
    this.#onDrained();
  }

  /** A thread that was ended by force or ran out of memory has closed nothing that it opened by FFI. */
  async #closeLeftOpen(): Promise<void> {
    const table = new Uint8Array(this.#start.descriptors);
    if (!table.includes(1)) return;
    const { closeAbandoned } = await import("../engine/native/abandoned.js");
    closeAbandoned(table);
  }

  #onDeath(): void {
    const { worker } = this.#start;
    this.restarts++;
    this.#events.log({
      level: "error",
      event: "worker_crashed",
      message: `worker ${worker} died and is replaced; its connections are lost`,
      fields: { worker, cause: this.#crash },
    });
    this.#restartIn(this.#clock.now() - this.#bornAt < SHORT_LIFE_MS ? RESTART_DELAY_MS : 0);
  }

  #restartIn(delayMs: number): void {
    this.#cancelRestart = this.#clock.after(delayMs, () => void this.#restart());
  }

  async #restart(): Promise<void> {
    const { worker } = this.#start;
    let error: string | undefined;
    try {
      await this.start();
      // Before anything else is applied: reloads must reach it in their order.
      if (this.#snapshot !== undefined) ({ error } = await this.apply(this.#snapshot));
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause);
    }
    if (error === undefined || this.#stopping) return;
    this.#events.log({ level: "error", event: "worker_lost", message: `worker ${worker} serves nothing: ${error}` });
    if (this.#thread === undefined) this.#restartIn(RESTART_DELAY_MS);
    else this.#thread.terminate();
  }
}
