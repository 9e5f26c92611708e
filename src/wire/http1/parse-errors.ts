/** How the parsers of this folder report errors: a negative number for the machine, a constant text for the log. */
import type { Code } from "../../base/errors.js";

/** A parser's result `r < 0` means the code `PARSE_ERRORS[-1 - r]`. */
export const PARSE_ERRORS = [
  "BAD_REQUEST",
  "URI_TOO_LONG",
  "HEADERS_TOO_LARGE",
  "VERSION_NOT_SUPPORTED",
  "LENGTH_REQUIRED",
  "TRANSFER_CODING",
  "EXPECTATION_FAILED",
  "BODY_TOO_LARGE",
  "RESPONSE_INVALID",
  "RESPONSE_TOO_LARGE",
] as const satisfies readonly Code[];

/** The results themselves: `-1 - index` into PARSE_ERRORS. */
export const Fault = {
  BAD_REQUEST: -1,
  URI_TOO_LONG: -2,
  HEADERS_TOO_LARGE: -3,
  VERSION_NOT_SUPPORTED: -4,
  LENGTH_REQUIRED: -5,
  TRANSFER_CODING: -6,
  EXPECTATION_FAILED: -7,
  BODY_TOO_LARGE: -8,
  RESPONSE_INVALID: -9,
  RESPONSE_TOO_LARGE: -10,
} as const satisfies Record<(typeof PARSE_ERRORS)[number], number>;
export type FaultNumber = (typeof Fault)[keyof typeof Fault];

/** Notes why and hands the fault on. `reason` never holds input bytes: it goes into logs unescaped. */
export function fail(out: { reason: string }, fault: FaultNumber, reason: string): FaultNumber {
  out.reason = reason;
  return fault;
}
