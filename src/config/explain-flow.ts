/** What bounds a cluster's load, written as a file again. */
import type { AdaptiveSpec, ClusterSpec, HedgeSpec, RetrySpec } from "../model/spec.js";
import { formatDuration } from "./units.js";

export function flowOf({ limits, queue, adaptive }: ClusterSpec) {
  return {
    limits,
    adaptive: adaptive === undefined ? undefined : adaptiveOf(adaptive),
    queue: queue === undefined ? undefined : { max: queue.max, timeout: formatDuration(queue.timeoutMs) },
  };
}

export function retryOf({ attempts, on, statuses, backoff, minTimeMs, maxRetryAfterMs }: RetrySpec) {
  return {
    attempts,
    on,
    statuses,
    backoff: { base: formatDuration(backoff.baseMs), max: formatDuration(backoff.maxMs) },
    minTime: formatDuration(minTimeMs),
    maxRetryAfter: formatDuration(maxRetryAfterMs),
  };
}

export function hedgeOf(hedge: HedgeSpec | undefined) {
  if (hedge === undefined) return undefined;
  const { afterPercent, afterMs, max } = hedge;
  return { after: afterPercent > 0 ? `${afterPercent}%` : formatDuration(afterMs), max };
}

function adaptiveOf({ min, max, tolerance, windowMs, intervalMs }: AdaptiveSpec) {
  return {
    min,
    max,
    tolerance: `${tolerance * 100}%`,
    window: formatDuration(windowMs),
    interval: formatDuration(intervalMs),
  };
}
