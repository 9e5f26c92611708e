/** When the next check is due: spread at the start, jittered later, so that checks never come in waves. */
import type { Random } from "../base/random.js";

export interface Timing {
  readonly intervalMs: number;
  readonly fastIntervalMs: number;
  /** 0 to 1. */
  readonly jitter: number;
}

/** At most 200 first checks per second: fast for a small cluster, no storm for 10 000 endpoints. */
const SPREAD_PER_ENDPOINT_MS = 5;
const TWO_32 = 0x1_0000_0000;

/** Wait before the first check of endpoint `index` of `count` that start together. Never longer than an interval. */
export function firstDelay(index: number, count: number, timing: Timing, random: Random): number {
  const spread = Math.min(timing.intervalMs, count * SPREAD_PER_ENDPOINT_MS);
  return ((index + random.next() / TWO_32) / count) * spread;
}

/** Wait after a check. `unsettled`: down, or results disagree with the state. */
export function nextDelay(unsettled: boolean, timing: Timing, random: Random): number {
  const base = unsettled ? timing.fastIntervalMs : timing.intervalMs;
  return base * (1 + timing.jitter * ((2 * random.next()) / TWO_32 - 1));
}
