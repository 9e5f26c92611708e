/**
 * How long to wait before a retry. Full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): anything from nothing to a
 * bound that doubles, because retries that wait alike arrive together, as the load that made them fail did.
 */
import type { Random } from "../base/random.js";
import type { BackoffSpec } from "../model/spec.js";

/** @param retry counted from 1 */
export function backoffMs(retry: number, { baseMs, maxMs }: BackoffSpec, random: Random): number {
  const bound = Math.min(maxMs, baseMs * 2 ** Math.min(retry - 1, 30));
  return bound < 1 ? 0 : random.below(Math.floor(bound) + 1);
}

/**
 * The wait before a retry of a response that asked for a pause (Retry-After), in milliseconds; -1 = that is longer than a
 * client should be kept waiting: it gets the response, and with it the pause.
 * @param askedMs 0 = it asked for none
 * @param binding the pause holds for every endpoint that could be tried: a 429 speaks of the client; a 503 only of the
 * endpoint that sent it, as long as there is another
 */
export function pauseBeforeRetry(waitMs: number, askedMs: number, binding: boolean, maxPauseMs: number): number {
  if (askedMs <= waitMs || !binding) return waitMs;
  return askedMs <= maxPauseMs ? askedMs : -1;
}

/** Whether a retry that begins after `waitMs` still has its least time before `deadline`. */
export function isInTime(now: number, waitMs: number, minTimeMs: number, deadline: number): boolean {
  return now + waitMs + minTimeMs <= deadline;
}
