/**
 * For the tests of this folder: parses a text given one byte per character, as a whole and at every prefix, amid bytes
 * that must not be looked at, and returns plain values to compare.
 */
import assert from "node:assert/strict";
import type { HttpLimits } from "../../model/spec.js";
import { FIELD_IDS, FIELD_STRIDE, Field, type Head, Method, type MethodId, RequestHead, ResponseHead } from "./head.js";
import { DEFAULT_HTTP_LIMITS } from "./limits.js";
import { PARSE_ERRORS } from "./parse-errors.js";
import { parseRequestHead } from "./request-parser.js";
import { parseResponseHead } from "./response-parser.js";

export interface SeenField {
  readonly id: number;
  readonly name: string;
  readonly value: string;
}

export interface SeenHead {
  /** "ok", "incomplete" or a code of PARSE_ERRORS. */
  readonly result: string;
  readonly reason: string;
  readonly consumed: number;
  readonly fields: readonly SeenField[];
  readonly body: number;
  readonly contentLength: number;
  readonly keepAlive: boolean;
  readonly minor: number;
  /** Value of the Upgrade field of a message that may upgrade, else undefined. */
  readonly upgrade: string | undefined;
}

export interface SeenRequest extends SeenHead {
  readonly methodId: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly pathImplied: boolean;
  readonly host: string;
  readonly expectContinue: boolean;
}

export interface SeenResponse extends SeenHead {
  readonly status: number;
  readonly reasonPhrase: string;
}

/** One for all, as a worker has: what an earlier message left in it must not matter. */
const REQUEST = new RequestHead(DEFAULT_HTTP_LIMITS.maxHeaderCount);
const RESPONSE = new ResponseHead(DEFAULT_HTTP_LIMITS.maxHeaderCount);

/** What stands before and behind the text: bytes that would complete or spoil any message. */
const BEFORE = "GET / HTTP/1.1\r\n \r\n\r\n";
const BEHIND = "\r\n\r\nHTTP/1.1\r\n\r\n\0";

export function bytesOfText(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

export function textOfBytes(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

/** Every character of the code ranges, as one-character strings. */
export function chars(...ranges: readonly (readonly [number, number])[]): string[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i)));
}

/** A request with this request line. */
export function line(requestLine: string): string {
  return `${requestLine}\r\nHost: a\r\n\r\n`;
}

/** A GET with these field lines after Host. */
export function get(...fields: string[]): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`;
}

/** A POST with these field lines after Host. */
export function post(...fields: string[]): string {
  return get(...fields).replace("GET", "POST");
}

/** Every row is refused with this code, and says why. */
export function rejects(code: string, rows: readonly string[]): void {
  for (const row of rows) {
    const seen = readRequest(row);
    assert.equal(seen.result, code, `${JSON.stringify(row.slice(0, 120))} gave ${seen.result} (${seen.reason})`);
    assert.notEqual(seen.reason, "", "a rejection says why");
  }
}

export function accepts(rows: readonly string[]): void {
  for (const row of rows) {
    const seen = readRequest(row);
    assert.equal(seen.result, "ok", `${JSON.stringify(row.slice(0, 120))} gave ${seen.result} (${seen.reason})`);
  }
}

export function readRequest(text: string, limits: HttpLimits = DEFAULT_HTTP_LIMITS): SeenRequest {
  const head = REQUEST;
  return everyPrefix(text, (bytes, end) => {
    const result = parseRequestHead(bytes, BEFORE.length, end, limits, head);
    const at = (start: number, stop: number): string => (result > 0 ? textOfBytes(bytes, start, stop) : "");
    return {
      ...seenHead(bytes, result, head),
      methodId: result > 0 ? head.method : -1,
      method: at(head.methodStart, head.methodEnd),
      path: at(head.pathStart, head.pathEnd),
      query: at(head.pathEnd, head.queryEnd),
      pathImplied: result > 0 && head.pathImplied,
      host: at(head.hostStart, head.hostEnd),
      expectContinue: result > 0 && head.expectContinue,
    };
  });
}

export function readResponse(
  text: string,
  requestMethod: MethodId = Method.GET,
  limits: HttpLimits = DEFAULT_HTTP_LIMITS,
): SeenResponse {
  const head = RESPONSE;
  return everyPrefix(text, (bytes, end) => {
    const result = parseResponseHead(bytes, BEFORE.length, end, limits, requestMethod, head);
    return {
      ...seenHead(bytes, result, head),
      status: result > 0 ? head.status : 0,
      reasonPhrase: result > 0 ? textOfBytes(bytes, head.reasonStart, head.reasonEnd) : "",
    };
  });
}

function everyPrefix<T extends SeenHead>(text: string, parse: (bytes: Uint8Array, end: number) => T): T {
  const all = bytesOfText(BEFORE + text + BEHIND);
  const whole = parse(all, BEFORE.length + text.length);
  // The prefix grows in a buffer that is otherwise full of what would complete or spoil it.
  const bytes = new Uint8Array(Buffer.alloc(all.length, BEHIND, "latin1"));
  bytes.set(all.subarray(0, BEFORE.length));
  let filled = BEFORE.length;
  // Of a long text, prefixes near its ends, and here and there.
  const step = Math.max(1, Math.floor(text.length / 200));
  for (let length = 0; length < text.length; length += length < 64 || length > text.length - 64 ? 1 : step) {
    bytes.set(all.subarray(filled, BEFORE.length + length), filled);
    filled = BEFORE.length + length;
    const part = parse(bytes, filled);
    if (part.result === "incomplete") continue;
    assert.deepEqual(part, whole, `after ${length} of ${text.length} bytes: ${JSON.stringify(text.slice(0, 200))}`);
  }
  return whole;
}

function seenHead(bytes: Uint8Array, result: number, head: Head): SeenHead {
  const ok = result > 0;
  const fields: SeenField[] = [];
  for (let index = 0; ok && index < head.count; index++) {
    const [id, nameStart, nameEnd, valueStart, valueEnd] = head.fields.subarray(index * FIELD_STRIDE);
    const name = textOfBytes(bytes, nameStart, nameEnd);
    fields.push({ id, name, value: textOfBytes(bytes, valueStart, valueEnd) });
  }
  if (ok) assertIndices(head);
  if (ok) assert.equal(head.end, BEFORE.length + result, "end is where the blank line ends");
  return {
    result: ok ? "ok" : result === 0 ? "incomplete" : PARSE_ERRORS[-1 - result],
    reason: result < 0 ? head.reason : "",
    consumed: Math.max(result, 0),
    fields,
    body: ok ? head.body : -1,
    contentLength: ok ? head.contentLength : -1,
    keepAlive: ok && head.keepAlive,
    minor: ok ? head.minor : -1,
    upgrade: ok && head.upgrade >= 0 ? fields[head.upgrade].value : undefined,
  };
}

/** The indices that a head keeps beside its fields say the same as the fields. */
function assertIndices(head: Head): void {
  const ids = Array.from({ length: head.count }, (_, index) => head.fields[index * FIELD_STRIDE]);
  for (let id = 1; id < FIELD_IDS; id++) {
    assert.equal(head.first[id], ids.indexOf(id), `first[${id}] of ${ids}`);
    if (id === Field.DROPPED) continue;
    const isRepeated = (head.repeated & (1 << id)) !== 0;
    // What Connection removed was counted before.
    if (ids.includes(id)) assert.equal(isRepeated, ids.indexOf(id) !== ids.lastIndexOf(id), `repeated ${id} of ${ids}`);
  }
}
