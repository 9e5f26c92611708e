/**
 * Reads a request head: strict where two readers could differ (RFC 9112 11.2), and stateless. The caller keeps the
 * bytes of an incomplete head together and calls again when more have come; every prefix of a message gives 0 or the
 * result of the whole.
 */
import type { HttpLimits } from "../../model/spec.js";
import { authorityHostEnd } from "./authority.js";
import { Byte, isDigit, TARGET, TOKEN } from "./bytes.js";
import { scanFields } from "./fields.js";
import { Option, readConnection, readFraming } from "./framing.js";
import { Body, Field, Method, type MethodId, type RequestHead, FIELD_STRIDE as STRIDE } from "./head.js";
import { bytesOf, isWord } from "./names.js";
import { Fault, type FaultNumber, fail } from "./parse-errors.js";
import { readTarget } from "./target.js";

const { CR, LF, QUESTION, SLASH, SP } = Byte;
const { EXPECT, HOST, UPGRADE } = Field;
const { CHUNKED, NONE } = Body;
const FIELD_STRIDE = STRIDE;
const METHOD_BYTES = TOKEN;
const TARGET_BYTES = TARGET;

/** Empty lines tolerated before a request (RFC 9112 2.2): some old clients end a body with a CRLF that is not theirs. */
export const MAX_EMPTY_LINES = 4;

const GET = bytesOf("GET");
const PUT = bytesOf("PUT");
const POST = bytesOf("POST");
const HEAD = bytesOf("HEAD");
const PATCH = bytesOf("PATCH");
const TRACE = bytesOf("TRACE");
const DELETE = bytesOf("DELETE");
const OPTIONS = bytesOf("OPTIONS");
const CONNECT = bytesOf("CONNECT");

/** Length of `HTTP/1.1` CRLF. */
const VERSION_LENGTH = 10;

/**
 * Parses the head at `[start, end)` into `out`. `limits.maxLineBytes` counts a line with its CRLF,
 * `limits.maxHeaderBytes` everything up to and including the blank line.
 * @returns > 0: bytes up to and including the blank line; 0: incomplete; < 0: `PARSE_ERRORS[-1 - r]`, the reason in
 * `out.reason`, and everything else in `out` undefined
 */
export function parseRequestHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: HttpLimits,
  out: RequestHead,
): number {
  const sectionLimit = start + limits.maxHeaderBytes;
  const lineStart = start < end && bytes[start] !== CR ? start : skipEmptyLines(bytes, start, end, out);
  if (lineStart < 0) return lineStart;
  if (lineStart === end) return 0;
  const fieldsStart = readRequestLine(bytes, lineStart, end, sectionLimit, limits, out);
  if (fieldsStart <= 0) return fieldsStart;
  const headEnd = scanFields(bytes, fieldsStart, end, sectionLimit, limits, out);
  if (headEnd <= 0) return headEnd;
  out.start = lineStart;
  out.fieldsStart = fieldsStart;
  out.end = headEnd;
  const fault = interpret(bytes, limits, out);
  return fault < 0 ? fault : headEnd - start;
}

/** The offset of the first byte that is no empty line, `end` if there is none yet, or a fault. */
function skipEmptyLines(bytes: Uint8Array, start: number, end: number, out: RequestHead): number {
  let pos = start;
  while (pos < end && bytes[pos] === CR) {
    if (pos - start === 2 * MAX_EMPTY_LINES) return fail(out, Fault.BAD_REQUEST, "too many empty lines");
    if (pos + 1 === end) return end;
    if (bytes[pos + 1] !== LF) return fail(out, Fault.BAD_REQUEST, "a CR without LF before the request line");
    pos += 2;
  }
  return pos;
}

/** Returns the offset after the line, 0 = incomplete, or a fault. */
function readRequestLine(
  bytes: Uint8Array,
  lineStart: number,
  end: number,
  sectionLimit: number,
  limits: HttpLimits,
  out: RequestHead,
): number {
  const limit = Math.min(lineStart + limits.maxLineBytes, sectionLimit);
  const stop = Math.min(limit, end);
  let pos = lineStart;
  while (pos < stop && METHOD_BYTES[bytes[pos]] !== 0) pos++;
  if (pos === stop) return stop === limit ? fail(out, Fault.BAD_REQUEST, "the method is too long") : 0;
  if (bytes[pos] !== SP || pos === lineStart) return fail(out, Fault.BAD_REQUEST, "an invalid method");
  out.methodStart = lineStart;
  out.methodEnd = pos;
  out.method = methodId(bytes, lineStart, pos);
  const targetStart = ++pos;
  while (pos < stop && TARGET_BYTES[bytes[pos]] === 1) pos++;
  const pathEnd = pos;
  if (pos < stop && bytes[pos] === QUESTION) while (pos < stop && TARGET_BYTES[bytes[pos]] !== 0) pos++;
  if (pos === stop) return stop === limit ? tooLong(out) : 0;
  if (bytes[pos] !== SP || pos === targetStart) return badTarget(out, bytes[pos]);
  const targetEnd = pos++;
  if (
    stop - pos < VERSION_LENGTH ||
    bytes[pos + 7] !== 0x31 ||
    bytes[pos] !== 0x48 ||
    bytes[pos + 1] !== 0x54 ||
    bytes[pos + 2] !== 0x54 ||
    bytes[pos + 3] !== 0x50 ||
    bytes[pos + 4] !== 0x2f ||
    bytes[pos + 5] !== 0x31 ||
    bytes[pos + 6] !== 0x2e ||
    bytes[pos + 8] !== CR ||
    bytes[pos + 9] !== LF
  ) {
    const version = readOtherVersion(bytes, pos, stop, out);
    if (version < 0) return version;
    if (version === 0) return stop === limit ? tooLong(out) : 0;
    out.minor = 0;
  } else out.minor = 1;
  if (!readTarget(bytes, targetStart, pathEnd, targetEnd, out)) {
    return fail(out, Fault.BAD_REQUEST, "a target that the method does not allow");
  }
  return pos + VERSION_LENGTH;
}

/** What is not the usual version: 1 = HTTP/1.0, 0 = incomplete, or a fault. */
function readOtherVersion(bytes: Uint8Array, start: number, stop: number, out: RequestHead): number {
  for (let i = 0; i < VERSION_LENGTH; i++) {
    if (start + i === stop) return 0;
    const wanted = VERSION.charCodeAt(i);
    if (wanted === DIGIT ? !isDigit(bytes[start + i]) : bytes[start + i] !== wanted) {
      return fail(out, Fault.BAD_REQUEST, "an invalid HTTP version");
    }
  }
  if (bytes[start + 5] === 0x31 && bytes[start + 7] === 0x30) return 1;
  return fail(out, Fault.VERSION_NOT_SUPPORTED, "an HTTP version other than 1.0 and 1.1");
}
const VERSION = "HTTP/0.0\r\n";
const DIGIT = 0x30;

/** Method names are case-sensitive (RFC 9110 9.1). */
function methodId(bytes: Uint8Array, start: number, end: number): MethodId {
  switch (end - start) {
    case 3:
      if (is(bytes, start, GET)) return Method.GET;
      return is(bytes, start, PUT) ? Method.PUT : Method.EXTENSION;
    case 4:
      if (is(bytes, start, POST)) return Method.POST;
      return is(bytes, start, HEAD) ? Method.HEAD : Method.EXTENSION;
    case 5:
      if (is(bytes, start, PATCH)) return Method.PATCH;
      return is(bytes, start, TRACE) ? Method.TRACE : Method.EXTENSION;
    case 6:
      return is(bytes, start, DELETE) ? Method.DELETE : Method.EXTENSION;
    case 7:
      if (is(bytes, start, OPTIONS)) return Method.OPTIONS;
      return is(bytes, start, CONNECT) ? Method.CONNECT : Method.EXTENSION;
    default:
      return Method.EXTENSION;
  }
}

function is(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
  return true;
}

function tooLong(out: RequestHead): FaultNumber {
  return fail(out, Fault.URI_TOO_LONG, "the request line is too long");
}

function badTarget(out: RequestHead, byte: number): FaultNumber {
  if (byte === CR || byte === LF) return fail(out, Fault.BAD_REQUEST, "a request line without version");
  return fail(out, Fault.BAD_REQUEST, "an empty target, or a byte that no target may hold");
}

/** What the fields mean for host, framing and connection: 0 or a fault. */
function interpret(bytes: Uint8Array, limits: HttpLimits, out: RequestHead): 0 | FaultNumber {
  const hostFault = readHost(bytes, out);
  if (hostFault < 0) return hostFault;
  const framing = readFraming(bytes, out);
  if (framing < 0) return framing;
  if (out.contentLength > limits.maxBodyBytes) return fail(out, Fault.BODY_TOO_LARGE, "Content-Length above the limit");
  if (out.minor === 0 && out.body === NONE && mustHaveBody(out.method)) {
    return fail(out, Fault.LENGTH_REQUIRED, "an HTTP/1.0 request with a body of unknown length");
  }
  out.expectContinue = false;
  if (out.first[EXPECT] >= 0 && !readExpect(bytes, out)) {
    return fail(out, Fault.EXPECTATION_FAILED, "an expectation other than 100-continue");
  }
  const options = readConnection(bytes, out);
  if (options < 0) return options as FaultNumber;
  out.keepAlive = (options & Option.CLOSE) === 0 && (out.minor === 1 || (options & Option.KEEP_ALIVE) !== 0);
  out.upgrade = (options & Option.UPGRADE) !== 0 && mayUpgrade(bytes, out) ? out.first[UPGRADE] : -1;
  return 0;
}

/** Exactly one valid Host in HTTP/1.1, at most one in 1.0 (RFC 9112 3.2); an absolute-form target overrides its value. */
function readHost(bytes: Uint8Array, out: RequestHead): 0 | FaultNumber {
  const host = out.first[HOST];
  if (host < 0) return out.minor === 0 ? 0 : fail(out, Fault.BAD_REQUEST, "no Host field");
  if ((out.repeated & (1 << HOST)) !== 0) return fail(out, Fault.BAD_REQUEST, "more than one Host field");
  const slot = host * FIELD_STRIDE;
  const start = out.fields[slot + 3];
  const end = out.fields[slot + 4];
  if (authorityHostEnd(bytes, start, end) < 0) return fail(out, Fault.BAD_REQUEST, "an invalid Host field");
  if (out.hostStart === out.hostEnd) {
    out.hostStart = start;
    out.hostEnd = end;
  }
  return 0;
}

/** HTTP/1.0 clients used to end such a body by closing; a request can never be ended so (RFC 9112 6.3). */
function mustHaveBody(method: MethodId): boolean {
  return method === Method.POST || method === Method.PUT || method === Method.PATCH;
}

/** False for anything but `100-continue` (RFC 9110 10.1.1). */
function readExpect(bytes: Uint8Array, out: RequestHead): boolean {
  for (let index = out.first[EXPECT]; index < out.count; index++) {
    const slot = index * FIELD_STRIDE;
    if (out.fields[slot] !== EXPECT) continue;
    const start = out.fields[slot + 3];
    if (out.fields[slot + 4] - start !== CONTINUE.length) return false;
    if (!isWord(bytes, start, CONTINUE)) return false;
  }
  out.expectContinue = out.minor === 1;
  return true;
}
const CONTINUE = bytesOf("100-continue");

/**
 * Only a GET of HTTP/1.1 without body and with one Upgrade field may become a tunnel (RFC 6455 4.1, CVE-2026-58055), and
 * never one into another HTTP or TLS: requests inside that tunnel would pass every rule unseen ("h2c smuggling").
 */
function mayUpgrade(bytes: Uint8Array, out: RequestHead): boolean {
  const index = out.first[UPGRADE];
  if (index < 0 || (out.repeated & (1 << UPGRADE)) !== 0) return false;
  if (out.minor === 0 || out.method !== Method.GET || out.body === CHUNKED || out.contentLength > 0) return false;
  const start = out.fields[index * FIELD_STRIDE + 3];
  const end = out.fields[index * FIELD_STRIDE + 4];
  let pos = start;
  while (pos < end && (METHOD_BYTES[bytes[pos]] !== 0 || bytes[pos] === SLASH)) pos++;
  if (pos < end || start === end) return false;
  const a = bytes[start] | 0x20;
  const b = bytes[start + 1] | 0x20;
  return !(a === 0x68 && (b === 0x32 || b === 0x74)) && !(a === 0x74 && b === 0x6c);
}
