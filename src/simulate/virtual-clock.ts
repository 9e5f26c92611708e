/** Time that jumps from event to event. Health checks and ejections set their timers on it as on any other clock. */
import type { Clock } from "../base/clock.js";
import type { EventQueue } from "./event-queue.js";

export class VirtualClock implements Clock {
  /** Moved forward by the simulation alone. */
  time = 0;
  readonly #queue: EventQueue;
  readonly #what: number;
  /** An object for each: the same function may wait twice. */
  readonly #tasks: ({ readonly run: () => void } | undefined)[] = [];
  readonly #free: number[] = [];

  /** @param what the number of the event that has to lead to `run` */
  constructor(queue: EventQueue, what: number) {
    this.#queue = queue;
    this.#what = what;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, task: () => void): () => void {
    const slot = this.#free.pop() ?? this.#tasks.length;
    const entry = { run: task };
    this.#tasks[slot] = entry;
    this.#queue.add(this.time + Math.max(0, ms), this.#what, slot);
    return () => {
      // The slot stays taken until its event has come: another task there would be run by it.
      if (this.#tasks[slot] === entry) this.#tasks[slot] = undefined;
    };
  }

  /** A timer's event has come. */
  run(slot: number): void {
    const entry = this.#tasks[slot];
    this.#tasks[slot] = undefined;
    this.#free.push(slot);
    entry?.run();
  }
}
