/**
 * Reads a response head from an endpoint, which is trusted no more than a client: what two readers could take for
 * different messages is refused, since what follows it would be given to the next client as its answer.
 */
import type { HttpLimits } from "../../model/spec.js";
import { Byte, isDigit, VALUE } from "./bytes.js";
import { scanFields } from "./fields.js";
import { markDropped, Option, readConnection, readFraming } from "./framing.js";
import { Body, Field, Method, type MethodId, type ResponseHead } from "./head.js";
import { Fault, type FaultNumber, fail } from "./parse-errors.js";

const { CR, LF, SP, ZERO } = Byte;
const { CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE } = Field;
const { CHUNKED, CLOSE, NONE } = Body;
const { CONNECT, HEAD } = Method;
const PHRASE_BYTES = VALUE;

/** Length of `HTTP/1.1 200`. */
const STATUS_END = 12;

/**
 * Parses the head at `[start, end)` into `out`, as `parseRequestHead` does. The faults are RESPONSE_INVALID and
 * RESPONSE_TOO_LARGE. `out.keepAlive` is false, too, where the framing leaves doubt about what comes next.
 * @param requestMethod of the request that this answers: responses to HEAD and CONNECT have no body (RFC 9112 6.3)
 */
export function parseResponseHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: HttpLimits,
  requestMethod: MethodId,
  out: ResponseHead,
): number {
  const sectionLimit = start + limits.maxHeaderBytes;
  const fieldsStart = readStatusLine(bytes, start, end, sectionLimit, limits, out);
  if (fieldsStart <= 0) return fieldsStart;
  const headEnd = scanFields(bytes, fieldsStart, end, sectionLimit, limits, out);
  if (headEnd <= 0) return asResponseFault(headEnd);
  out.start = start;
  out.fieldsStart = fieldsStart;
  out.end = headEnd;
  const fault = interpret(bytes, requestMethod, out);
  return fault < 0 ? fault : headEnd - start;
}

/** Returns the offset after the line, 0 = incomplete, or a fault. */
function readStatusLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  sectionLimit: number,
  limits: HttpLimits,
  out: ResponseHead,
): number {
  const limit = Math.min(start + limits.maxLineBytes, sectionLimit);
  const stop = Math.min(limit, end);
  if (stop - start <= STATUS_END || bytes[start + 7] !== 0x31) {
    const other = readOtherStart(bytes, start, stop, out);
    if (other <= 0) return other < 0 || stop < limit ? other : tooLarge(out);
  } else if (!isUsualStart(bytes, start)) return fail(out, Fault.RESPONSE_INVALID, "an invalid status line");
  let pos = start + STATUS_END;
  out.minor = bytes[start + 7] === 0x31 ? 1 : 0;
  out.status = (bytes[pos - 3] - ZERO) * 100 + (bytes[pos - 2] - ZERO) * 10 + (bytes[pos - 1] - ZERO);
  // The blank before an empty reason phrase is often left out, and nothing depends on it.
  if (bytes[pos] === SP) pos++;
  else if (bytes[pos] !== CR) return fail(out, Fault.RESPONSE_INVALID, "an invalid status code");
  out.reasonStart = pos;
  while (pos < stop && PHRASE_BYTES[bytes[pos]] !== 0) pos++;
  out.reasonEnd = pos;
  if (pos === stop) return stop === limit ? tooLarge(out) : 0;
  if (bytes[pos] !== CR) return fail(out, Fault.RESPONSE_INVALID, "a control character in the reason phrase");
  if (pos + 1 === stop) return stop === limit ? tooLarge(out) : 0;
  if (bytes[pos + 1] !== LF) return fail(out, Fault.RESPONSE_INVALID, "a CR without LF in the status line");
  return pos + 2;
}

/** `HTTP/1.1 ` and three digits, the first of them not 0; the byte at 7 is known. */
function isUsualStart(bytes: Uint8Array, start: number): boolean {
  return (
    bytes[start] === 0x48 &&
    bytes[start + 1] === 0x54 &&
    bytes[start + 2] === 0x54 &&
    bytes[start + 3] === 0x50 &&
    bytes[start + 4] === 0x2f &&
    bytes[start + 5] === 0x31 &&
    bytes[start + 6] === 0x2e &&
    bytes[start + 8] === SP &&
    isDigit(bytes[start + 9]) &&
    bytes[start + 9] !== ZERO &&
    isDigit(bytes[start + 10]) &&
    isDigit(bytes[start + 11])
  );
}

/** A start that is short, or not HTTP/1.1: 1 = valid, with the byte after it there; 0 = incomplete; or a fault. */
function readOtherStart(bytes: Uint8Array, start: number, stop: number, out: ResponseHead): number {
  const available = Math.min(stop - start, STATUS_END);
  for (let i = 0; i < available; i++) {
    const byte = bytes[start + i];
    let valid: boolean;
    if (i === 7) valid = byte === ZERO || byte === 0x31;
    else if (i > 8) valid = isDigit(byte) && !(i === 9 && byte === ZERO);
    else valid = byte === START.charCodeAt(i);
    if (!valid) return fail(out, Fault.RESPONSE_INVALID, "an invalid status line");
  }
  return stop - start > STATUS_END ? 1 : 0;
}
const START = "HTTP/1.1 ";

/** What the fields mean for body and connection: 0 or a fault. */
function interpret(bytes: Uint8Array, requestMethod: MethodId, out: ResponseHead): 0 | FaultNumber {
  const framing = readFraming(bytes, out);
  if (framing < 0) return asResponseFault(framing);
  const options = readConnection(bytes, out);
  if (options < 0) return asResponseFault(options);
  out.keepAlive = (options & Option.CLOSE) === 0 && (out.minor === 1 || (options & Option.KEEP_ALIVE) !== 0);
  const switches = out.status === 101 && out.minor === 1 && (options & Option.UPGRADE) !== 0;
  out.upgrade = switches && (out.repeated & (1 << UPGRADE)) === 0 ? out.first[UPGRADE] : -1;
  readBody(requestMethod, out);
  return 0;
}

/** RFC 9112 6.3, in its order. */
function readBody(requestMethod: MethodId, out: ResponseHead): void {
  const { status } = out;
  if (status < 200 || status === 204 || (requestMethod === CONNECT && status < 300)) {
    // A length that announces nothing (RFC 9110 8.6, RFC 9112 6.1): a reader who believes it would wait for a body, or
    // take the next response for it. An endpoint that announces bytes here may also send them: do not use it again.
    if (out.body === CHUNKED || out.contentLength > 0) out.keepAlive = false;
    dropFraming(out, CONTENT_LENGTH);
    dropFraming(out, TRANSFER_ENCODING);
    out.body = NONE;
    out.contentLength = 0;
  } else if (requestMethod === HEAD || status === 304) {
    out.body = NONE;
    out.contentLength = 0;
  } else if (out.body === NONE) {
    out.body = CLOSE;
    out.keepAlive = false;
  }
}

function dropFraming(out: ResponseHead, id: typeof CONTENT_LENGTH | typeof TRANSFER_ENCODING): void {
  const index = out.first[id];
  if (index < 0) return;
  markDropped(out, index);
  out.first[id] = -1;
}

function tooLarge(out: ResponseHead): FaultNumber {
  return fail(out, Fault.RESPONSE_TOO_LARGE, "the status line is too long");
}

/** What the shared steps found, said of a response; 0 stays 0. */
function asResponseFault(result: number): 0 | FaultNumber {
  if (result === 0) return 0;
  return result === Fault.HEADERS_TOO_LARGE ? Fault.RESPONSE_TOO_LARGE : Fault.RESPONSE_INVALID;
}
