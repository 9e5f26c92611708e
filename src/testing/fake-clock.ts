/** A clock that stands still until told to move: tests of timers neither sleep nor flake. */
import type { Clock } from "../base/clock.js";

interface Task {
  readonly at: number;
  /** Of tasks that are due at the same time the one that was added first runs first. */
  readonly number: number;
  readonly run: () => void;
  waits: boolean;
}

export class FakeClock implements Clock {
  #now = 0;
  #added = 0;
  #pending = 0;
  /** A binary heap, the next one first; cancelled ones stay in it until their time. */
  readonly #tasks: Task[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const task: Task = { at: this.#now + Math.max(0, ms), number: this.#added++, run, waits: true };
    this.#pending++;
    this.#push(task);
    return () => this.#end(task);
  }

  /** Tasks that wait. */
  get pending(): number {
    return this.#pending;
  }

  /** Moves time forward and runs what becomes due, in order, each at its own time; also what those tasks add. */
  advance(ms: number): void {
    const target = this.#now + ms;
    while (this.#tasks.length > 0 && this.#tasks[0].at <= target) {
      const task = this.#pop();
      if (!this.#end(task)) continue;
      this.#now = task.at;
      task.run();
    }
    this.#now = target;
  }

  /** False if it had ended before. */
  #end(task: Task): boolean {
    if (!task.waits) return false;
    task.waits = false;
    this.#pending--;
    return true;
  }

  #push(task: Task): void {
    const tasks = this.#tasks;
    let at = tasks.length;
    while (at > 0 && isBefore(task, tasks[(at - 1) >> 1])) {
      tasks[at] = tasks[(at - 1) >> 1];
      at = (at - 1) >> 1;
    }
    tasks[at] = task;
  }

  #pop(): Task {
    const tasks = this.#tasks;
    const first = tasks[0];
    const last = tasks.pop()!;
    let at = 0;
    while (tasks.length > 0) {
      let child = 2 * at + 1;
      if (child + 1 < tasks.length && isBefore(tasks[child + 1], tasks[child])) child++;
      if (child >= tasks.length || !isBefore(tasks[child], last)) break;
      tasks[at] = tasks[child];
      at = child;
    }
    if (tasks.length > 0) tasks[at] = last;
    return first;
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}

/** A clock at 0 on which what is due at once is done at once, and nothing else ever: for tests in which time plays no part. */
export const TIMELESS: Clock = {
  now: () => 0,
  after: (ms, task) => {
    if (ms <= 0) task();
    return () => {};
  },
};
