/** Questions about comma-separated fields (RFC 9110 5.6.1) that the writers and the exchange ask. No decoding. */
import { FIELD_STRIDE, Field, type FieldId, type Head, Method, type RequestHead } from "../../wire/http1/head.js";
import type { ForwardingRules } from "./forwarding.js";
import { isName } from "./header-operations.js";
import { latin1 } from "./put-bytes.js";

const COMMA = 0x2c;
const TRAILERS = latin1("trailers");

/** TE holds the member `trailers` (RFC 9110 10.1.4): the only one that survives a hop. */
export function acceptsTrailers(bytes: Uint8Array, head: Head): boolean {
  return countMembers(bytes, head, Field.TE, TRAILERS, 0) > 0;
}

/**
 * How often the listener's own pseudonym stands in Via: a request that went round more often than any sensible chain of
 * listeners is in a loop. Members look like `1.1 name (comment)` or `HTTP/1.1 name`.
 */
export function countOwnVia(bytes: Uint8Array, head: Head, rules: ForwardingRules): number {
  return rules.pseudonym.length === 0 ? 0 : countMembers(bytes, head, Field.VIA, rules.pseudonym, 1);
}

/** Members whose word number `word` (words are split by blanks) is `name`, in any case. */
function countMembers(bytes: Uint8Array, head: Head, id: FieldId, name: Uint8Array, word: number): number {
  const first = head.first[id];
  if (first < 0) return 0;
  let found = 0;
  for (let line = first; line < head.count; line++) {
    const at = line * FIELD_STRIDE;
    if (head.fields[at] !== id) continue;
    const end = head.fields[at + 4];
    let start = head.fields[at + 3];
    while (start < end) {
      let stop = start;
      while (stop < end && bytes[stop] !== COMMA) stop++;
      if (isWord(bytes, start, stop, name, word)) found++;
      start = stop + 1;
    }
  }
  return found;
}

/** The list in `[start, end)` holds the member `word`, in any case. */
export function hasWord(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  for (let at = start; at < end; ) {
    let stop = at;
    while (stop < end && bytes[stop] !== COMMA) stop++;
    if (isWord(bytes, at, stop, word, 0)) return true;
    at = stop + 1;
  }
  return false;
}

function isWord(bytes: Uint8Array, start: number, end: number, name: Uint8Array, word: number): boolean {
  let at = start;
  for (let n = 0; ; n++) {
    while (at < end && isBlank(bytes[at])) at++;
    let stop = at;
    while (stop < end && !isBlank(bytes[stop])) stop++;
    if (n === word) return stop - at === name.length && isName(name, bytes, at);
    if (stop === end) return false;
    at = stop;
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}

/**
 * The value of Max-Forwards where it counts (TRACE and OPTIONS, RFC 9110 7.6.2), else -1; also -1 when it is no number
 * or does not stand alone: such a field is not forwarded. 0 means that the request must not be forwarded.
 */
export function maxForwards(bytes: Uint8Array, head: RequestHead): number {
  const line = head.first[Field.MAX_FORWARDS];
  if (line < 0 || (head.method !== Method.OPTIONS && head.method !== Method.TRACE)) return -1;
  const at = line * FIELD_STRIDE;
  const start = head.fields[at + 3];
  const end = head.fields[at + 4];
  // More digits than any chain of proxies is long: forwarded as the largest number that is sure to be exact.
  if (start === end) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = Math.min(value * 10 + digit, 1_000_000);
  }
  for (let other = line + 1; other < head.count; other++) {
    if (head.fields[other * FIELD_STRIDE] === Field.MAX_FORWARDS) return -1;
  }
  return value;
}
