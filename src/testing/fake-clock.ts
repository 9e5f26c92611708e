/** A clock that stands still until told to move: tests of timers neither sleep nor flake. */
import type { Clock } from "../base/clock.js";

interface Task {
  readonly at: number;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  #now = 0;
  #tasks: Task[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): () => void {
    const entry = { at: this.#now + Math.max(0, ms), run: task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry);
    };
  }

  /** Tasks that wait. */
  get pending(): number {
    return this.#tasks.length;
  }

  /** Moves time forward and runs what becomes due, in order, each at its own time; also what those tasks add. */
  advance(ms: number): void {
    const target = this.#now + ms;
    for (;;) {
      const next = this.#tasks.reduce<Task | undefined>(
        (best, task) => (task.at <= target && (best === undefined || task.at < best.at) ? task : best),
        undefined,
      );
      if (next === undefined) break;
      this.#tasks = this.#tasks.filter((task) => task !== next);
      this.#now = next.at;
      next.run();
    }
    this.#now = target;
  }
}

/** A clock at 0 on which what is due at once is done at once, and nothing else ever: for tests in which time plays no part. */
export const TIMELESS: Clock = {
  now: () => 0,
  after: (ms, task) => {
    if (ms <= 0) task();
    return () => {};
  },
};
