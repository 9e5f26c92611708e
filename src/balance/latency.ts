/**
 * What is remembered of an endpoint's speed: a moving average that believes a rise at once and a fall slowly (peak EWMA,
 * from Finagle), because sending to a slow endpoint costs more than sparing a fast one. It decays with time, not with the
 * number of requests: an endpoint that gets few is forgiven as soon as one that gets many.
 * Figures are integers in shared cells and no thread waits for another: a rise is never lost; of falls that two threads
 * see within the same moment one may count for less.
 */
import { EndpointCell } from "../model/cells.js";

/** Longest time that is told apart, microseconds: half an hour fits the integer. */
const MAX_US = 1_800_000_000;
/** An endpoint that asks to be left alone for longer is asked again after this: a header must not remove it for a day. */
const MAX_AVOID_MS = 60_000;

/**
 * A response came.
 * @param at the endpoint's first cell
 * @param latencyMs from the request to the response's header
 * @param now milliseconds of the process's clock
 * @param decayMs after this long a fall has gone 63 percent of its way
 */
export function observe(cells: Int32Array, at: number, latencyMs: number, now: number, decayMs: number): void {
  const sample = Math.min(MAX_US, Math.max(1, Math.round(latencyMs * 1000)));
  let old = Atomics.load(cells, at + EndpointCell.LATENCY);
  for (;;) {
    // Before the rise can be seen: else another thread would let it fall for the time before it.
    if (sample >= old) Atomics.store(cells, at + EndpointCell.LATENCY_AT, now);
    const next = sample >= old ? sample : fall(old, sample, elapsed(cells[at + EndpointCell.LATENCY_AT], now), decayMs);
    // A fall too short to move an integer is not counted as done: its time adds up until it does.
    if (next === old && sample < old) break;
    const seen = Atomics.compareExchange(cells, at + EndpointCell.LATENCY, old, next);
    if (seen === old) {
      Atomics.store(cells, at + EndpointCell.LATENCY_AT, now);
      break;
    }
    old = seen;
  }
  Atomics.store(cells, at + EndpointCell.HEARD_AT, now);
}

/** A request failed: counts as one that took `penaltyMs`, unless the endpoint is slower than that anyway. */
export function penalise(cells: Int32Array, at: number, penaltyMs: number, now: number, decayMs: number): void {
  const known = Atomics.load(cells, at + EndpointCell.LATENCY) / 1000;
  observe(cells, at, Math.max(penaltyMs, known), now, decayMs);
}

/** The endpoint asked for a pause (Retry-After): policies that weigh latency prefer others until then. */
export function avoid(cells: Int32Array, at: number, pauseMs: number, now: number): void {
  const pause = Math.min(MAX_AVOID_MS, Math.max(0, pauseMs));
  // 0 means that there is none.
  const until = Math.round(now + pause) | 0 || 1;
  let old = Atomics.load(cells, at + EndpointCell.AVOID_UNTIL);
  while (pauseLeft(old, now) < pause) {
    const seen = Atomics.compareExchange(cells, at + EndpointCell.AVOID_UNTIL, old, until);
    if (seen === old) return;
    old = seen;
  }
}

/** Milliseconds for which the endpoint wants to be left alone; 0 = none. */
export function avoidedFor(cells: Int32Array, at: number, now: number): number {
  const until = cells[at + EndpointCell.AVOID_UNTIL];
  return until === 0 ? 0 : pauseLeft(until, now);
}

/** The moving average as of now, microseconds: silence lets it fall towards 0, so that what was slow is tried again. */
export function latencyNow(cells: Int32Array, at: number, now: number, decayMs: number): number {
  const latency = cells[at + EndpointCell.LATENCY];
  const silence = elapsed(cells[at + EndpointCell.HEARD_AT], now);
  // Most were heard of just now, and exp costs more than all the rest.
  return silence === 0 ? latency : latency * Math.exp(-silence / decayMs);
}

function fall(from: number, to: number, time: number, decayMs: number): number {
  return Math.round(to + (from - to) * Math.exp(-time / decayMs));
}

/** Cells wrap at 2^32 milliseconds: what counts is the difference. Clocks of threads may be a moment apart. */
export function elapsed(since: number, now: number): number {
  return Math.max(0, ((now | 0) - since) | 0);
}

/** What was long ago looks far away after 24 days: nothing asks for more than the longest pause. */
function pauseLeft(until: number, now: number): number {
  const left = until === 0 ? 0 : (until - (now | 0)) | 0;
  return left > MAX_AVOID_MS ? 0 : Math.max(0, left);
}
