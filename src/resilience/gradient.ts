/**
 * How many requests a cluster may have at once, found out from its latency (the gradient controller of Envoy's adaptive concurrency
 * filter, after Netflix's concurrency-limits): while answers take hardly longer than they do without load the limit grows by the
 * square root of itself; as soon as they wait in the endpoints' own queues it shrinks in proportion. What an answer takes without
 * load is measured again and again, since it changes: under a low limit, or for nothing when there is little to do anyway.
 *
 * steady -> settling (the limit is low, what is under way ends) -> measuring (one window) -> steady
 */
import type { Random } from "../base/random.js";
import type { AdaptiveSpec } from "../model/spec.js";

export const GradientPhase = { STEADY: 0, SETTLING: 1, MEASURING: 2 } as const;

/** All of it fits integers of shared memory. */
export interface GradientState {
  /** In force; 0 = nothing is known yet. */
  limit: number;
  phase: number;
  /** What the limit was before the measurement. */
  limitBefore: number;
  /** Latency without load, in units of the caller's; 0 = unknown. */
  best: number;
  /** When to measure it again, milliseconds; wraps at 2^32. */
  measureAt: number;
}

/** Where an unknown cluster begins. */
export const FIRST_LIMIT = 20;
/** One window changes the limit by a factor of two at most. */
const LEAST_GRADIENT = 0.5;
/** With less than this share of the limit in use nothing is learnt about more. */
const USED = 0.5;

/** The limit before the first window. */
export function firstLimit({ min, max }: AdaptiveSpec): number {
  return Math.min(max, Math.max(min, FIRST_LIMIT));
}

/**
 * A window is over.
 * @param mean latency of its answers, in the unit of `state.best`, above 0
 * @param inFlight mean number of requests under way in it (Little's law: answers times latency over the window)
 */
export function closeWindow(
  state: GradientState,
  spec: AdaptiveSpec,
  mean: number,
  inFlight: number,
  now: number,
  random: Random,
): void {
  if (state.limit === 0) {
    state.limit = firstLimit(spec);
    state.measureAt = nextMeasurement(spec, now, random);
  }
  switch (state.phase) {
    case GradientPhase.SETTLING:
      state.phase = GradientPhase.MEASURING;
      return;
    case GradientPhase.MEASURING:
      state.phase = GradientPhase.STEADY;
      state.best = mean;
      state.limit = bounded(spec, state.limitBefore);
      state.measureAt = nextMeasurement(spec, now, random);
      return;
    default:
      adjust(state, spec, mean, inFlight);
      if (((now - state.measureAt) | 0) >= 0) measure(state, spec, mean, inFlight, now, random);
  }
}

function adjust(state: GradientState, spec: AdaptiveSpec, mean: number, inFlight: number): void {
  if (state.best === 0 || mean < state.best) state.best = mean;
  const gradient = Math.max(LEAST_GRADIENT, Math.min(1, (state.best * (1 + spec.tolerance)) / mean));
  const next = Math.round(state.limit * gradient + Math.sqrt(state.limit));
  if (next < state.limit || inFlight >= state.limit * USED) state.limit = bounded(spec, next);
}

function measure(
  state: GradientState,
  spec: AdaptiveSpec,
  mean: number,
  inFlight: number,
  now: number,
  random: Random,
): void {
  if (inFlight <= spec.min) {
    state.best = mean;
    state.measureAt = nextMeasurement(spec, now, random);
    return;
  }
  state.phase = GradientPhase.SETTLING;
  state.limitBefore = state.limit;
  state.limit = spec.min;
}

/** Up to a tenth later, so that several balancers do not all measure at once. */
function nextMeasurement({ intervalMs }: AdaptiveSpec, now: number, random: Random): number {
  return (now + intervalMs + random.below(Math.floor(intervalMs / 10) + 1)) | 0;
}

function bounded({ min, max }: AdaptiveSpec, limit: number): number {
  return Math.min(max, Math.max(min, limit));
}
