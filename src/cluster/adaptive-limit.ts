/**
 * The adaptive limit of a cluster, kept in its cells: every worker adds the latency of its answers to one pair of sums, and
 * whichever of them finds the window over closes it for all. So limit and figures are exact over workers, no thread owns them,
 * and what a worker that dies knew is not lost. A window in which two workers count at its very end may be off by a sample.
 */
import type { Random } from "../base/random.js";
import { ClusterCell } from "../model/cells.js";
import type { AdaptiveSpec } from "../model/spec.js";
import { closeWindow, firstLimit, type GradientState } from "../resilience/gradient.js";

/** 10 µs: the sum of a window's latencies fits 32 bits, up to six hours of waiting. */
const UNITS_PER_MS = 100;
/** A longer answer counts as this, so that one cannot fill the sum. */
const MAX_MS = 60_000;
/** A window of fewer answers goes on. */
const MIN_SAMPLES = 10;
/** An answer that never came counts as so many of the best. */
const TIMEOUT_FACTOR = 4;

export class AdaptiveLimit {
  readonly #cells: Int32Array;
  readonly #at: number;
  readonly #random: Random;
  readonly #state: GradientState = { limit: 0, phase: 0, limitBefore: 0, best: 0, measureAt: 0 };

  /** @param at index of the cluster's first cell */
  constructor(cells: Int32Array, at: number, random: Random) {
    this.#cells = cells;
    this.#at = at;
    this.#random = random;
  }

  limit(spec: AdaptiveSpec): number {
    const limit = this.#cells[this.#at + ClusterCell.ADAPTIVE_LIMIT];
    return limit === 0 ? firstLimit(spec) : limit;
  }

  /** An answer came. @param now milliseconds of the process's clock */
  record(spec: AdaptiveSpec, latencyMs: number, now: number): void {
    this.#add(spec, Math.max(1, Math.round(Math.min(MAX_MS, latencyMs) * UNITS_PER_MS)), now);
  }

  /** None came in time. */
  recordTimeout(spec: AdaptiveSpec, now: number): void {
    const best = this.#cells[this.#at + ClusterCell.ADAPTIVE_BEST];
    if (best > 0) this.#add(spec, Math.min(MAX_MS * UNITS_PER_MS, best * TIMEOUT_FACTOR), now);
  }

  #add(spec: AdaptiveSpec, units: number, now: number): void {
    const cells = this.#cells;
    const at = this.#at;
    Atomics.add(cells, at + ClusterCell.ADAPTIVE_SUM, units);
    const count = Atomics.add(cells, at + ClusterCell.ADAPTIVE_COUNT, 1) + 1;
    if (count < MIN_SAMPLES) return;
    const begun = cells[at + ClusterCell.ADAPTIVE_WINDOW_AT];
    const elapsedMs = (now - begun) | 0;
    if (elapsedMs >= 0 && elapsedMs < spec.windowMs) return;
    // One worker closes it.
    if (Atomics.compareExchange(cells, at + ClusterCell.ADAPTIVE_WINDOW_AT, begun, now | 0) !== begun) return;
    this.#close(spec, elapsedMs, now);
  }

  #close(spec: AdaptiveSpec, elapsedMs: number, now: number): void {
    const cells = this.#cells;
    const at = this.#at;
    const count = Atomics.exchange(cells, at + ClusterCell.ADAPTIVE_COUNT, 0);
    const sum = Atomics.exchange(cells, at + ClusterCell.ADAPTIVE_SUM, 0) >>> 0;
    // The first window, or one over which the clock wrapped: how long it was is unknown, so it only began.
    if (count === 0 || sum === 0 || elapsedMs < 0 || elapsedMs > MAX_MS) return;
    const state = this.#state;
    state.limit = cells[at + ClusterCell.ADAPTIVE_LIMIT];
    state.phase = cells[at + ClusterCell.ADAPTIVE_PHASE];
    state.limitBefore = cells[at + ClusterCell.ADAPTIVE_BEFORE];
    state.best = cells[at + ClusterCell.ADAPTIVE_BEST];
    state.measureAt = cells[at + ClusterCell.ADAPTIVE_MEASURE_AT];
    const inFlight = sum / UNITS_PER_MS / Math.max(1, elapsedMs);
    closeWindow(state, spec, Math.max(1, Math.round(sum / count)), inFlight, Math.floor(now), this.#random);
    Atomics.store(cells, at + ClusterCell.ADAPTIVE_PHASE, state.phase);
    Atomics.store(cells, at + ClusterCell.ADAPTIVE_BEFORE, state.limitBefore);
    Atomics.store(cells, at + ClusterCell.ADAPTIVE_BEST, state.best);
    Atomics.store(cells, at + ClusterCell.ADAPTIVE_MEASURE_AT, state.measureAt);
    Atomics.store(cells, at + ClusterCell.ADAPTIVE_LIMIT, state.limit);
  }
}
