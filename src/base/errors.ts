/**
 * Every failure that Plimsoll names: one class, one table. The table answers whose fault it was, whether the request may
 * be tried again, and which status a client sees. The code itself stands in responses, access log and metrics.
 */

/** Who caused it: the client, the endpoint behind us, or Plimsoll and its configuration. */
export type Side = "client" | "upstream" | "self";

/** `safe`: nothing reached an endpoint. `if-idempotent`: it may have (RFC 9110 9.2.2). `never`: trying again cannot help. */
export type RetryClass = "safe" | "if-idempotent" | "never";

export interface Trait {
  readonly side: Side;
  readonly retry: RetryClass;
  /** HTTP status of an answer that Plimsoll writes itself; 0 = no answer is possible, the connection is closed. */
  readonly status: number;
  /** One sentence for the client and the operator. */
  readonly text: string;
}

export const TRAITS = {
  BAD_REQUEST: { side: "client", retry: "never", status: 400, text: "the request is malformed" },
  LENGTH_REQUIRED: { side: "client", retry: "never", status: 411, text: "the request body has no length" },
  BODY_TOO_LARGE: { side: "client", retry: "never", status: 413, text: "the request body is larger than allowed" },
  URI_TOO_LONG: { side: "client", retry: "never", status: 414, text: "the request target is longer than allowed" },
  HEADERS_TOO_LARGE: { side: "client", retry: "never", status: 431, text: "the request header is larger than allowed" },
  EXPECTATION_FAILED: { side: "client", retry: "never", status: 417, text: "the expectation is not supported" },
  METHOD_NOT_ALLOWED: { side: "client", retry: "never", status: 405, text: "the method is not allowed here" },
  TRANSFER_CODING: { side: "client", retry: "never", status: 501, text: "the transfer coding is not supported" },
  VERSION_NOT_SUPPORTED: { side: "client", retry: "never", status: 505, text: "the HTTP version is not supported" },
  HEADER_TIMEOUT: { side: "client", retry: "never", status: 408, text: "the request header did not arrive in time" },
  BODY_TIMEOUT: { side: "client", retry: "never", status: 408, text: "the request body did not arrive in time" },
  CLIENT_CLOSED: { side: "client", retry: "never", status: 0, text: "the client went away" },
  CLIENT_TOO_SLOW: { side: "client", retry: "never", status: 0, text: "the client read too slowly" },
  IDLE_TIMEOUT: { side: "client", retry: "never", status: 0, text: "nothing moved for longer than allowed" },
  NO_ROUTE: { side: "self", retry: "never", status: 404, text: "no route matches" },
  NO_ENDPOINT: { side: "self", retry: "never", status: 503, text: "the cluster has no endpoint" },
  OVERLOADED: { side: "self", retry: "never", status: 503, text: "the cluster or the proxy is at its limit" },
  QUEUE_FULL: { side: "self", retry: "never", status: 503, text: "too many requests wait for the cluster" },
  QUEUE_TIMEOUT: { side: "self", retry: "never", status: 503, text: "the request waited for the cluster too long" },
  FAULT_INJECTED: { side: "self", retry: "never", status: 503, text: "the route's configuration made it fail" },
  HEDGE_LOST: { side: "self", retry: "never", status: 0, text: "another try of the request was answered first" },
  SHUTTING_DOWN: { side: "self", retry: "never", status: 503, text: "the proxy is shutting down" },
  LOOP_DETECTED: { side: "self", retry: "never", status: 508, text: "the request has come past this proxy too often" },
  INTERNAL: { side: "self", retry: "never", status: 500, text: "the proxy failed" },
  CONNECT_REFUSED: { side: "upstream", retry: "safe", status: 502, text: "the endpoint refused the connection" },
  CONNECT_FAILED: { side: "upstream", retry: "safe", status: 502, text: "the endpoint could not be reached" },
  CONNECT_TIMEOUT: { side: "upstream", retry: "safe", status: 504, text: "the endpoint did not accept in time" },
  UPSTREAM_RESET: {
    side: "upstream",
    retry: "if-idempotent",
    status: 502,
    text: "the endpoint closed before it answered",
  },
  RESPONSE_INVALID: { side: "upstream", retry: "never", status: 502, text: "the endpoint's response is malformed" },
  RESPONSE_TOO_LARGE: {
    side: "upstream",
    retry: "never",
    status: 502,
    text: "the endpoint's header is larger than allowed",
  },
  RESPONSE_TRUNCATED: { side: "upstream", retry: "never", status: 502, text: "the endpoint's response ended early" },
  RESPONSE_TIMEOUT: {
    side: "upstream",
    retry: "if-idempotent",
    status: 504,
    text: "the endpoint did not answer in time",
  },
  TOTAL_TIMEOUT: { side: "upstream", retry: "never", status: 504, text: "the request took longer than allowed" },
  CONFIG_INVALID: { side: "self", retry: "never", status: 500, text: "the configuration is not valid" },
} as const satisfies Record<string, Trait>;

export type Code = keyof typeof TRAITS;

/** All codes in table order: the index of a code is its number in shared memory and in metrics. */
export const CODES = Object.keys(TRAITS) as readonly Code[];

export class LbError extends Error {
  readonly code: Code;

  /** @param message what was attempted on what, e.g. `connect 10.0.0.7:443 timed out after 300 ms` */
  constructor(code: Code, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "LbError";
    this.code = code;
  }
}
