/**
 * May a failed try be repeated? Three questions, all must be answered yes: can it be (everything sent is still at hand and
 * nothing was forwarded), is it safe (RFC 9110 9.2.2), and is it wanted (the route's retry rules). The retry budget is asked after.
 */
import { type Code, TRAITS } from "../base/errors.js";
import type { RetrySpec } from "../model/spec.js";

/** What an exchange knows when a try has failed. */
export interface FailedTry {
  /** Tries made, this one included. */
  readonly tries: number;
  /** Of the request's method: GET, HEAD, OPTIONS, TRACE, PUT, DELETE (RFC 9110 9.2.2). */
  readonly idempotent: boolean;
  /** Bytes of the request handed to the endpoint's connection in this try. 0 = the endpoint has seen nothing. */
  readonly bytesSent: number;
  /** Every body byte received from the client so far is still kept. */
  readonly bodyKept: boolean;
  /** Any byte of a response went to the client. */
  readonly responseForwarded: boolean;
  /** The connection came out of the pool, where the endpoint may close it at any time (RFC 9112 9.3.1). */
  readonly pooledConnection: boolean;
}

/** RFC 9110 15.5.10: a conflict may be gone when it is tried again; Envoy's `retriable-4xx` too is 409 alone. */
const CONFLICT = 409;

const CONDITIONS: { readonly [C in Code]?: RetrySpec["on"][number] } = {
  CONNECT_REFUSED: "connect-failure",
  CONNECT_FAILED: "connect-failure",
  CONNECT_TIMEOUT: "connect-failure",
  UPSTREAM_RESET: "reset",
  RESPONSE_TIMEOUT: "timeout",
};

export function mayRetry(failed: FailedTry, code: Code, spec: RetrySpec): boolean {
  const retry = TRAITS[code].retry;
  if (retry === "never" || !isRepeatable(failed)) return false;
  if (retry === "if-idempotent" && !isSafe(failed)) return false;
  // Losing the race against an endpoint that closes its idle connection is no failure of the endpoint: one more try
  // whatever the rules say.
  if (code === "UPSTREAM_RESET" && failed.pooledConnection && failed.tries === 1) return true;
  const condition = CONDITIONS[code];
  return condition !== undefined && failed.tries <= spec.attempts && spec.on.includes(condition);
}

/** The same for a response whose status the route counts as failure; nothing of it has been forwarded. */
export function mayRetryStatus(failed: FailedTry, status: number, spec: RetrySpec): boolean {
  return failed.tries <= spec.attempts && isRetriable(status, spec) && isRepeatable(failed) && isSafe(failed);
}

function isRetriable(status: number, { on, statuses }: RetrySpec): boolean {
  if (status < 400) return false;
  if (statuses.includes(status)) return true;
  if (status < 500) return status === CONFLICT && on.includes("retriable-4xx");
  return on.includes("5xx") || (status >= 502 && status <= 504 && on.includes("gateway-error"));
}

function isRepeatable(failed: FailedTry): boolean {
  return failed.bodyKept && !failed.responseForwarded;
}

function isSafe(failed: FailedTry): boolean {
  return failed.idempotent || failed.bytesSent === 0;
}
