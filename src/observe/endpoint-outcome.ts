/** Counts how a try at an endpoint ended: what outlier detection compares, and what `/metrics` shows. */
import { isFailure, isLocalFailure, Outcome, type OutcomeId } from "../model/outcome.js";
import { E } from "./layout.js";

/** @param base of the endpoint's block */
export function countOutcome(metrics: Float64Array, base: number, outcome: OutcomeId): void {
  if (outcome === Outcome.OK) metrics[base + E.SUCCESSES]++;
  else if (outcome === Outcome.SERVER_ERROR) metrics[base + E.SERVER_ERRORS]++;
  else if (isFailure(outcome)) {
    metrics[base + E.FAILURES]++;
    if (isLocalFailure(outcome)) metrics[base + E.LOCAL_FAILURES]++;
  }
}
