/** Bounds how many checks run at once: 10 000 endpoints must not mean 10 000 sockets. Due checks wait in order. */

/** Starts something that calls `done` once when it is over; the function returned cancels it instead. */
export type Start = (done: () => void) => () => void;

interface Entry {
  readonly start: Start;
  phase: "waiting" | "running" | "over";
}

export class ProbeQueue {
  readonly #limit: number;
  #running = 0;
  #waiting: Entry[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  /** Runs `start` now or when there is room. The function returned takes it out again, whether it waits or runs. */
  add(start: Start): () => void {
    let cancel: (() => void) | undefined;
    const entry: Entry = {
      start: (done) => (cancel = start(done)),
      phase: "waiting",
    };
    this.#waiting.push(entry);
    this.#fill();
    return () => {
      if (entry.phase === "running") cancel?.();
      this.#finish(entry);
    };
  }

  #fill(): void {
    while (this.#running < this.#limit && this.#waiting.length > 0) {
      const entry = this.#waiting.shift()!;
      if (entry.phase === "over") continue;
      entry.phase = "running";
      this.#running++;
      entry.start(() => this.#finish(entry));
    }
  }

  #finish(entry: Entry): void {
    const wasRunning = entry.phase === "running";
    entry.phase = "over";
    if (!wasRunning) return;
    this.#running--;
    this.#fill();
  }
}
