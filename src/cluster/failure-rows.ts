/**
 * Failures in a row, counted by kind over all workers: what ejects an endpoint at once, between two looks at its rates.
 * A row ends with an answer that is not of its kind. An aborted try says nothing.
 */
import { EndpointCell } from "../model/cells.js";
import { type FailureRow, isFailure, isLocalFailure, isServerError, type OutcomeId } from "../model/outcome.js";
import type { OutlierSpec } from "../model/spec.js";

/** The row that reached its limit, or a multiple of it, with this outcome. @param at first cell of the endpoint */
export function countFailure(
  cells: Int32Array,
  at: number,
  outcome: OutcomeId,
  limits: OutlierSpec,
): FailureRow | undefined {
  let row: FailureRow | undefined;
  if (isServerError(outcome)) {
    end(cells, at + EndpointCell.LOCAL_FAILURES);
    if (limits.consecutive5xx > 0 && reaches(cells, at + EndpointCell.SERVER_ERRORS, limits.consecutive5xx))
      row = "consecutive5xx";
    if (!isFailure(outcome)) end(cells, at + EndpointCell.FAILURES);
  }
  if (isLocalFailure(outcome) && limits.consecutiveLocal > 0) {
    if (reaches(cells, at + EndpointCell.LOCAL_FAILURES, limits.consecutiveLocal)) row = "consecutiveLocal";
  }
  if (isFailure(outcome) && limits.consecutiveFailures > 0) {
    if (reaches(cells, at + EndpointCell.FAILURES, limits.consecutiveFailures)) row = "consecutiveFailures";
  }
  return row;
}

/** It works: no row goes on. */
export function forgiveFailures(cells: Int32Array, at: number): void {
  end(cells, at + EndpointCell.FAILURES);
  end(cells, at + EndpointCell.SERVER_ERRORS);
  end(cells, at + EndpointCell.LOCAL_FAILURES);
}

function reaches(cells: Int32Array, at: number, limit: number): boolean {
  return (Atomics.add(cells, at, 1) + 1) % limit === 0;
}

/** Written only where there is something to end: a store would take the cache line from the other threads. */
function end(cells: Int32Array, at: number): void {
  if (cells[at] !== 0) Atomics.store(cells, at, 0);
}
