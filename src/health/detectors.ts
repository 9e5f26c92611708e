/** What can have an endpoint ejected: the names under which ejections are told and counted. */
import type { FailureRow } from "../model/outcome.js";

export const DETECTORS = [
  "consecutive-failures",
  "consecutive-5xx",
  "consecutive-local",
  "success-rate",
  "failure-percent",
  "latency",
] as const;
export type Detector = (typeof DETECTORS)[number];

/** Of a row of failures: its detector, and what was in a row. */
export const ROWS: { readonly [R in FailureRow]: { readonly detector: Detector; readonly of: string } } = {
  consecutiveFailures: { detector: "consecutive-failures", of: "failures" },
  consecutive5xx: { detector: "consecutive-5xx", of: "answers of 500 or above" },
  consecutiveLocal: { detector: "consecutive-local", of: "connect failures, resets or timeouts" },
};
