/**
 * A route's redirect. The template is compiled into literals and references to the request; what comes from the request
 * is escaped, and cannot turn a redirect within a site into one that leaves it.
 */
import { LbError } from "../../base/errors.js";
import type { ActionSpec, HeaderOperation } from "../../model/spec.js";
import type { RequestHead } from "../../wire/http1/head.js";
import { compileHeaderOperations } from "./header-operations.js";
import { latin1, putBytes } from "./put-bytes.js";
import { putReplyEnd, REPLY_END_BYTES, type Reply } from "./reply.js";
import { statusLine } from "./status-text.js";

type Part = Uint8Array | "host" | "path" | "query";

export interface Redirect {
  readonly status: number;
  /** Status line up to the value of Location. */
  readonly head: Uint8Array;
  readonly parts: readonly Part[];
  /** The fields after Location, its CRLF included. */
  readonly tail: Uint8Array;
  /** The literals and fields together. */
  readonly constantBytes: number;
  readonly needsHost: boolean;
  /** As of the operations in `tail`. */
  readonly ownsDate: boolean;
}

/** @throws LbError CONFIG_INVALID for an unknown placeholder, a byte that no URI may hold, or a `/` doubled by `{path}` */
export function compileRedirect(
  action: Extract<ActionSpec, { kind: "redirect" }>,
  operations: readonly HeaderOperation[],
): Redirect {
  const { status, location } = action;
  const fail = (why: string): never => {
    throw new LbError("CONFIG_INVALID", `redirect to ${JSON.stringify(location)}: ${why}`);
  };
  const parts: Part[] = [];
  for (const piece of location.split(/(\{[^{}]*\})/)) {
    if (piece === "") continue;
    if (piece === "{host}" || piece === "{query}") parts.push(piece === "{host}" ? "host" : "query");
    else if (piece === "{path}") {
      const before = parts.at(-1);
      if (before instanceof Uint8Array && before.at(-1) === 0x2f) fail("{path} brings its own slash");
      parts.push("path");
    } else if (piece.startsWith("{")) fail(`unknown placeholder ${piece}`);
    else if (!/^[\x21-\x7e]*$/.test(piece) || /["<>\\^`{|}]/.test(piece)) fail("not a URI");
    else parts.push(latin1(piece));
  }
  if (parts.length === 0) fail("empty");
  const head = latin1(`${statusLine(status)}location: `);
  const { added, ownsDate } = compileHeaderOperations(operations);
  const end = latin1("\r\ncontent-length: 0\r\n");
  const tail = new Uint8Array(end.length + added.length);
  tail.set(end);
  tail.set(added, end.length);
  const literals = parts.reduce((sum, part) => sum + (typeof part === "string" ? 0 : part.length), 0);
  const constantBytes = head.length + literals + tail.length + REPLY_END_BYTES;
  return { status, head, parts, tail, constantBytes, needsHost: parts.includes("host"), ownsDate };
}

/** Bytes that a target may hold (the parser lets them pass) but a URI may not: escaped. A backslash is a `/` to browsers. */
const ESCAPED = new Uint8Array(256);
for (const byte of latin1('"<>\\^`{|}')) ESCAPED[byte] = 1;
const HEX_DIGITS = latin1("0123456789ABCDEF");

/**
 * Writes the whole response and returns its length; -1 when it cannot be: the room might not suffice, or the location
 * needs a host and the request (HTTP/1.0) names none. Then BAD_REQUEST is the answer.
 */
export function writeRedirect(
  redirect: Redirect,
  bytes: Uint8Array,
  head: RequestHead,
  reply: Reply,
  dest: Uint8Array,
  at: number,
  limit: number,
): number {
  const begin = at;
  const { parts, needsHost } = redirect;
  if (needsHost && head.hostStart === head.hostEnd) return -1;
  let room = redirect.constantBytes;
  for (const part of parts) {
    if (part === "host") room += escapedLength(bytes, head.hostStart, head.hostEnd);
    else if (part === "query") room += escapedLength(bytes, head.pathEnd, head.queryEnd);
    else if (part === "path") room += escapedLength(bytes, head.pathStart, head.pathEnd) + 1;
  }
  if (room > limit - at) return -1;
  at = putBytes(dest, at, redirect.head);
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part === "host") at = putEscaped(bytes, head.hostStart, head.hostEnd, dest, at);
    else if (part === "query") at = putEscaped(bytes, head.pathEnd, head.queryEnd, dest, at);
    else if (part === "path") at = putPath(bytes, head, i === 0, dest, at);
    else at = putBytes(dest, at, part);
  }
  at = putBytes(dest, at, redirect.tail);
  return putReplyEnd(reply, redirect.ownsDate, dest, at) - begin;
}

/** @param isFirst the location begins here: `//name` would name another host (RFC 3986 4.2), so one slash stays */
function putPath(bytes: Uint8Array, head: RequestHead, isFirst: boolean, dest: Uint8Array, at: number): number {
  let start = head.pathStart;
  // Implied, or the `*` of OPTIONS.
  if (start === head.pathEnd || bytes[start] !== 0x2f) {
    dest[at] = 0x2f;
    return at + 1;
  }
  if (isFirst) while (start + 1 < head.pathEnd && bytes[start + 1] === 0x2f) start++;
  return putEscaped(bytes, start, head.pathEnd, dest, at);
}

function escapedLength(bytes: Uint8Array, start: number, end: number): number {
  let length = end - start;
  for (let i = start; i < end; i++) if (ESCAPED[bytes[i]] === 1) length += 2;
  return length;
}

function putEscaped(bytes: Uint8Array, start: number, end: number, dest: Uint8Array, at: number): number {
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (ESCAPED[byte] === 0) {
      dest[at++] = byte;
      continue;
    }
    dest[at++] = 0x25;
    dest[at++] = HEX_DIGITS[byte >> 4];
    dest[at++] = HEX_DIGITS[byte & 15];
  }
  return at;
}
