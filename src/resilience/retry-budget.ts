/**
 * How many retries a cluster may have in flight: a share of its active requests, so that retries cannot multiply the load
 * that made them necessary. A limit per request cannot do that: it multiplies at every hop.
 */
import type { RetryBudgetSpec } from "../model/spec.js";

/**
 * The number of active requests that a cluster needs before one more retry may begin beside `retries` in flight.
 * Infinity = never. Asked this way round, because counting requests only up to a bound is cheap.
 */
export function activeNeeded(retries: number, budget: RetryBudgetSpec): number {
  if (retries < budget.minimum) return 0;
  if (budget.percent <= 0) return Number.POSITIVE_INFINITY;
  return Math.ceil(((retries + 1) * 100) / budget.percent);
}
