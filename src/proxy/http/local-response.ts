/**
 * The errors that Plimsoll answers itself. Each says its code in the body and, for whoever sees only headers, in
 * Proxy-Status (RFC 9209), so that nobody has to guess which hop failed and why. Bytes are made once per code.
 */
import { CODES, type Code, TRAITS } from "../../base/errors.js";
import { DECIMAL_DIGITS, latin1, putBytes, putCrlf, putDecimal, putRange } from "./put-bytes.js";
import { putReplyEnd, REPLY_END_BYTES, type Reply } from "./reply.js";
import { statusLine } from "./status-text.js";

/** Methods that are forwarded (RFC 9110 10.2.1 wants them said with 405). */
export const ALLOW = "allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";

/** Error types of RFC 9209 2.3; a code without one says only its name. */
const ERROR_TYPES: Readonly<Partial<Record<Code, string>>> = {
  BAD_REQUEST: "http_request_error",
  LENGTH_REQUIRED: "http_request_error",
  BODY_TOO_LARGE: "http_request_error",
  URI_TOO_LONG: "http_request_error",
  HEADERS_TOO_LARGE: "http_request_error",
  EXPECTATION_FAILED: "http_request_error",
  TRANSFER_CODING: "http_request_error",
  VERSION_NOT_SUPPORTED: "http_request_error",
  HEADER_TIMEOUT: "http_request_error",
  BODY_TIMEOUT: "http_request_error",
  METHOD_NOT_ALLOWED: "http_request_denied",
  NO_ROUTE: "destination_not_found",
  NO_ENDPOINT: "destination_unavailable",
  OVERLOADED: "connection_limit_reached",
  QUEUE_FULL: "connection_limit_reached",
  QUEUE_TIMEOUT: "connection_limit_reached",
  LOOP_DETECTED: "proxy_loop_detected",
  INTERNAL: "proxy_internal_error",
  CONFIG_INVALID: "proxy_configuration_error",
  CONNECT_REFUSED: "connection_refused",
  CONNECT_FAILED: "destination_ip_unroutable",
  CONNECT_TIMEOUT: "connection_timeout",
  UPSTREAM_RESET: "connection_terminated",
  RESPONSE_INVALID: "http_protocol_error",
  RESPONSE_TOO_LARGE: "http_response_header_section_size",
  RESPONSE_TRUNCATED: "http_response_incomplete",
  RESPONSE_TIMEOUT: "http_response_timeout",
  TOTAL_TIMEOUT: "http_response_timeout",
};

/** One answer in one media type. */
interface Parts {
  /** Status line and fields up to `content-length: `. */
  readonly head: Uint8Array;
  /** Body up to the request id. */
  readonly body: Uint8Array;
  /** What introduces the request id, and the end of the body. */
  readonly idLabel: Uint8Array;
  readonly end: Uint8Array;
}

function createParts(code: Code, json: boolean): Parts {
  const { status, text } = TRAITS[code];
  const type = ERROR_TYPES[code];
  const lines = [
    statusLine(status),
    `content-type: ${json ? "application/json" : "text/plain; charset=utf-8"}\r\n`,
    "cache-control: no-store\r\n",
    "x-content-type-options: nosniff\r\n",
    `proxy-status: plimsoll; ${type === undefined ? "" : `error=${type}; `}details="${code}"\r\n`,
    // Load passes, endpoints come back: a second is long enough not to add to it.
    status === 503 ? "retry-after: 1\r\n" : "",
    status === 405 ? ALLOW : "",
    "content-length: ",
  ];
  const body = json ? `{"status":${status},"code":"${code}","message":"${text}"` : `${code}: ${text}\n`;
  return {
    head: latin1(lines.join("")),
    body: latin1(body),
    idLabel: latin1(json ? ',"requestId":"' : "request id: "),
    end: latin1(json ? "}\n" : ""),
  };
}

const TEXT = new Map<Code, Parts>(CODES.map((code) => [code, createParts(code, false)]));
const JSON_TEXT = new Map<Code, Parts>(CODES.map((code) => [code, createParts(code, true)]));

/**
 * Writes the answer for `code` into `dest[at, limit)` and returns its length; 0 for a code without a status (the
 * connection is closed without an answer); -1 when the room might not suffice: 1 KiB always does.
 */
export function writeLocalResponse(code: Code, reply: Reply, dest: Uint8Array, at: number, limit: number): number {
  if (TRAITS[code].status === 0) return 0;
  const begin = at;
  const { head, body, idLabel, end } = (reply.json ? JSON_TEXT : TEXT).get(code)!;
  // `"` closes the id in JSON, LF in text.
  const idBytes = reply.idLength === 0 ? 0 : idLabel.length + reply.idLength + 1;
  const length = body.length + idBytes + end.length;
  if (head.length + length + DECIMAL_DIGITS + 2 + REPLY_END_BYTES > limit - at) return -1;
  at = putBytes(dest, at, head);
  at = putDecimal(dest, at, length);
  at = putCrlf(dest, at);
  at = putReplyEnd(reply, false, dest, at);
  if (reply.isHead) return at - begin;
  at = putBytes(dest, at, body);
  if (reply.idLength > 0) {
    at = putBytes(dest, at, idLabel);
    at = putRange(dest, at, reply.id, 0, reply.idLength);
    dest[at++] = reply.json ? 0x22 : 0x0a;
  }
  return putBytes(dest, at, end) - begin;
}
