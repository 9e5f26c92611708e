/** Whether a failed try is repeated, and after how long: the steps of the proxy's `Tries`, by the same rules. */
import { type Code, TRAITS } from "../base/errors.js";
import { createRandom, type Random } from "../base/random.js";
import type { Cluster } from "../cluster/cluster.js";
import type { LiveEndpoint } from "../cluster/live-endpoint.js";
import { backoffMs, isInTime, pauseBeforeRetry } from "../resilience/backoff.js";
import { mayRetry, mayRetryStatus } from "../resilience/retry-policy.js";
import type { Flight } from "./flight.js";
import type { Subject } from "./subject.js";

export class Retries {
  readonly #subject: Subject;
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #onDenied: () => void;

  /** @param onDenied the rules wanted a retry, and the budget refused it */
  constructor(subject: Subject, cluster: Cluster, seed: number, onDenied: () => void) {
    this.#subject = subject;
    this.#cluster = cluster;
    this.#random = createRandom(seed ^ 0xbac0ff);
    this.#onDenied = onDenied;
  }

  /** Milliseconds until the next try, with a place in the budget; -1 = there is none. */
  afterFailure(flight: Flight, code: Code, now: number): number {
    const { retry } = this.#subject;
    if (!mayRetry(flight, code, retry)) return -1;
    const isSafe = TRAITS[code].retry === "safe";
    const waitMs = isSafe && flight.tries === 1 ? 0 : backoffMs(flight.tries, retry.backoff, this.#random);
    if (!this.#isInTime(flight, now, waitMs)) return -1;
    // What nobody has seen is repeated without asking the budget: it adds no work.
    return isSafe || this.#takePlace(flight) ? waitMs : -1;
  }

  /** The same for a status that may count as failure. Modelled endpoints ask for no pause. */
  afterStatus(flight: Flight, status: number, now: number): number {
    const { retry } = this.#subject;
    if (!mayRetryStatus(flight, status, retry)) return -1;
    const backoff = backoffMs(flight.tries, retry.backoff, this.#random);
    const waitMs = pauseBeforeRetry(backoff, 0, false, retry.maxRetryAfterMs);
    return this.#isInTime(flight, now, waitMs) && this.#takePlace(flight) ? waitMs : -1;
  }

  /** The try that had it is over. */
  returnPlace(flight: Flight, endpoint: LiveEndpoint<unknown>): void {
    if (flight.holdsPlace) this.#cluster.endRetry(endpoint);
    flight.holdsPlace = false;
  }

  /** No further try follows. */
  end(flight: Flight): void {
    if (flight.willHoldPlace) this.#cluster.endRetry(undefined);
    flight.willHoldPlace = false;
  }

  #isInTime(flight: Flight, now: number, waitMs: number): boolean {
    const { retry, timeouts } = this.#subject;
    const deadline = timeouts.totalMs > 0 ? flight.startedAt + timeouts.totalMs : Number.POSITIVE_INFINITY;
    return isInTime(now, waitMs, retry.minTimeMs, deadline);
  }

  #takePlace(flight: Flight): boolean {
    flight.willHoldPlace = this.#cluster.beginRetry(flight.query);
    if (!flight.willHoldPlace) this.#onDenied();
    return flight.willHoldPlace;
  }
}
