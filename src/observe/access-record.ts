/**
 * What is known about one finished request or L4 connection. The proxy fills it field by field while it works, only when
 * the access log is on, and hands it to AccessLog.write at the end; `reset` makes it ready for the next one.
 */
import type { Code } from "../base/errors.js";

/** Who ended the exchange: it finished in order, or the named side cut it short. */
export type Termination = "ok" | "client" | "upstream" | "self";

/** One endpoint that was tried. */
export interface Try {
  readonly endpoint: string;
  readonly outcome: Code | "ok";
}

/**
 * Strings that come from the wire are decoded as latin1, one character per byte, so that nothing is lost and the log can
 * show each byte. Empty = unknown or absent. Timers are milliseconds; -1 = that point was never reached.
 */
export class AccessRecord {
  kind: "http" | "tcp" = "http";
  /** When it began: milliseconds since 1970 (wall clock). */
  time = 0;
  requestId = "";
  listener = "";
  /** The client's address with port, or of a trusted proxy's client where that is known. */
  client = "";
  method = "";
  /** Request target as it was received. */
  target = "";
  host = "";
  /** `HTTP/1.1`. */
  version = "";
  userAgent = "";
  referer = "";
  /** As sent to the client; 0 = none was sent. */
  status = 0;
  code: Code | "" = "";
  /** Why, in words; never holds bytes of a message. */
  reason = "";
  /** Who ended it. */
  termination: Termination = "ok";
  /** Bytes from the client and to the client, heads included. */
  bytesIn = 0;
  bytesOut = 0;
  route = "";
  /** What was done to it on purpose: `delay`, `abort`, `delay,abort`. */
  fault = "";
  cluster = "";
  /** The endpoint that answered, or was tried last. */
  endpoint = "";
  /** The request went out on an upstream connection that had served one before. */
  reused = false;
  retries = 0;
  /** All endpoints that were tried, in order. */
  readonly tries: Try[] = [];

  /** Connection accepted to the first byte of this request: idle time (HAProxy %Ti). */
  acceptMs = -1;
  /** First byte to the complete header (%TR). */
  headMs = -1;
  /** Waiting for an endpoint with room (%Tw). */
  queueMs = -1;
  /** Connecting, all tries (%Tc); 0 where a connection was reused. */
  connectMs = -1;
  /** Request sent to response header complete (%Tr). */
  responseMs = -1;
  /** First byte of the request to the last byte of the response (%Ta); L4: accept to close (%Tt). */
  totalMs = -1;

  addTry(endpoint: string, outcome: Code | "ok"): void {
    this.tries.push({ endpoint, outcome });
  }

  reset(): void {
    this.kind = "http";
    this.time = 0;
    this.requestId = "";
    this.listener = "";
    this.client = "";
    this.method = "";
    this.target = "";
    this.host = "";
    this.version = "";
    this.userAgent = "";
    this.referer = "";
    this.status = 0;
    this.code = "";
    this.reason = "";
    this.termination = "ok";
    this.bytesIn = 0;
    this.bytesOut = 0;
    this.route = "";
    this.fault = "";
    this.cluster = "";
    this.endpoint = "";
    this.reused = false;
    this.retries = 0;
    this.tries.length = 0;
    this.acceptMs = -1;
    this.headMs = -1;
    this.queueMs = -1;
    this.connectMs = -1;
    this.responseMs = -1;
    this.totalMs = -1;
  }
}
