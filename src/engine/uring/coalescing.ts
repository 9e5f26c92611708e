/**
 * How long a busy engine waits for company. Handling completions in larger batches costs less each: fewer system calls and
 * wake-ups, here and at the peers, and warm caches. So while the thread has something to do most of the time, its turns wait a
 * moment for more than one completion; an engine with time to spare never does. (Adaptive interrupt moderation does the same in network
 * cards.) How many are worth waiting for is found by trying: one more after turns in which they came, a quarter less after one in
 * vain.
 */

/** The share of time with something to do from which on turns wait, and what is waited for each hundredth above. */
const BUSY_FROM = 0.7;
const US_PER_HUNDREDTH = 40;
const MAX_WAIT_US = 400;
const SAMPLE_MS = 10;
/** Of a new sample in the moving average. */
const SAMPLE_WEIGHT = 0.3;
const MAX_COMPANY = 16;
/**
 * Completions that a turn waits for in all. The kernel takes in as many messages per turn as are waited for, at least 20: were
 * it all that are there, thousands of busy connections would find no buffer ready, and none of them anything in a cache.
 */
const MAX_WANTED = 32;
/** Turns in which all came before one more is waited for, and turns without waiting once nobody comes. */
const TURNS_TO_GROW = 2;
const TURNS_TO_REST = 64;

export class Coalescing {
  /** Longest wait for company in this turn, microseconds; 0 = take what comes. */
  waitUs = 0;
  /** Completions to wait for so long, beyond those of operations that complete at once. */
  company = 1;
  readonly #busyMs: () => number;
  #busy = 0;
  #sampledAt: number;
  #busyAt: number;
  #grown = 0;
  #rest = 0;

  /** @param busyMs for how long the thread has had something to do, milliseconds @param now milliseconds */
  constructor(busyMs: () => number, now: number) {
    this.#busyMs = busyMs;
    this.#sampledAt = now;
    this.#busyAt = busyMs();
  }

  /** Completions to wait for in this turn. @param prompt how many come at once, because their operations complete at once */
  wanted(prompt: number): number {
    return this.waitUs === 0 ? 1 : Math.min(prompt + this.company, MAX_WANTED);
  }

  /** After a turn that waited for `wanted` completions, and found `came`. */
  onTurn(wanted: number, came: number, now: number): void {
    if (now - this.#sampledAt >= SAMPLE_MS) this.#sample(now);
    if (this.#rest > 0) this.#rest--;
    else if (this.waitUs > 0) this.#learn(came >= wanted);
    this.waitUs = this.#rest > 0 ? 0 : this.#affordableUs();
  }

  #learn(allCame: boolean): void {
    if (!allCame) {
      this.#grown = 0;
      if (this.company > 1) this.company = (this.company * 3) >> 2;
      else this.#rest = TURNS_TO_REST;
    } else if (++this.#grown === TURNS_TO_GROW) {
      this.#grown = 0;
      this.company = Math.min(MAX_COMPANY, this.company + 1);
    }
  }

  #affordableUs(): number {
    const us = Math.round((this.#busy - BUSY_FROM) * 100) * US_PER_HUNDREDTH;
    return Math.min(MAX_WAIT_US, Math.max(0, us));
  }

  #sample(now: number): void {
    const busy = this.#busyMs();
    const share = (busy - this.#busyAt) / (now - this.#sampledAt);
    this.#busy += (share - this.#busy) * SAMPLE_WEIGHT;
    this.#sampledAt = now;
    this.#busyAt = busy;
  }
}
