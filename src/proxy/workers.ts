/** All workers as one: they start together, and take a new configuration all or none. */
import { LbError } from "../base/errors.js";
import type { Plan } from "../cluster/plan.js";
import type { ListenerSpec } from "../model/spec.js";
import type { LogRecord } from "./log-record.js";
import type { Answer, Named, Snapshot } from "./messages.js";
import { partOf } from "./partial-snapshot.js";
import { pinPorts } from "./pin-ports.js";
import type { WorkerHandle } from "./worker-handle.js";

export class Workers {
  /** Fewer after `start` where not all of them can be used. */
  readonly handles: WorkerHandle[];
  /** What is bound; stays as it is while a worker is replaced. */
  listening: readonly Named[] = [];
  readonly #log: (record: LogRecord) => void;

  constructor(handles: WorkerHandle[], log: (record: LogRecord) => void) {
    this.handles = handles;
    this.#log = log;
  }

  async start(): Promise<void> {
    await Promise.all(this.handles.map((worker) => worker.start()));
    if (this.handles.length === 1 || this.handles[0].sharesPorts) return;
    this.#log({
      level: "warn",
      event: "one_worker",
      message: `with the engine ${this.handles[0].engine} workers cannot share a port here: only one runs`,
    });
    await Promise.all(this.handles.splice(1).map((worker) => worker.stop()));
  }

  /**
   * Binds what `listeners` need; returns them with the ports that the system chose.
   * @param inForce what to go back to
   * @throws LbError CONFIG_INVALID where an address cannot be bound; then nothing has changed
   */
  async prepare(listeners: readonly ListenerSpec[], inForce: readonly ListenerSpec[]): Promise<ListenerSpec[]> {
    const [first, ...others] = this.handles;
    const answer = await first.prepare(pinPorts(listeners, this.listening));
    const pinned = pinPorts(pinPorts(listeners, this.listening), answer.listening);
    const answers = answer.error === undefined ? await Promise.all(others.map((other) => other.prepare(pinned))) : [];
    const error = firstError([answer, ...answers]);
    if (error === undefined) return pinned;
    await Promise.all(this.handles.map((worker) => worker.prepare(inForce)));
    throw new LbError("CONFIG_INVALID", error);
  }

  /** @throws LbError INTERNAL; then some may follow the new configuration already */
  async apply(snapshot: Snapshot): Promise<void> {
    const answers = await Promise.all(this.handles.map((worker) => worker.apply(snapshot)));
    const error = firstError(answers);
    if (error !== undefined) throw new LbError("INTERNAL", error);
    this.listening = answers.find(({ listening }) => listening.length > 0)?.listening ?? [];
  }

  /** As `apply`, where only the endpoints of these clusters differ from what is in force. */
  async amend(snapshot: Snapshot, clusters: ReadonlySet<string>): Promise<void> {
    const part = partOf(snapshot, clusters);
    const error = firstError(await Promise.all(this.handles.map((worker) => worker.amend(snapshot, part))));
    // One that was just replaced may not have its configuration yet: then it needs all of it.
    if (error !== undefined) await this.apply(snapshot);
  }

  follow(cluster: string, plan: Plan): void {
    for (const worker of this.handles) worker.follow(cluster, plan);
  }

  async drain(deadlineMs: number): Promise<void> {
    await Promise.all(this.handles.map((worker) => worker.drain(deadlineMs)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.handles.map((worker) => worker.stop()));
  }
}

function firstError(answers: readonly Answer[]): string | undefined {
  return answers.find(({ error }) => error !== undefined)?.error;
}
