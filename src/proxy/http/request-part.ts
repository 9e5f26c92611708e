/**
 * Finds one header field, cookie or query parameter of a parsed request, as a range of its bytes. Nothing is decoded and
 * nothing allocated: the range is one object of the caller, filled anew.
 */
import { FIELD_STRIDE, Field, type Head, type RequestHead } from "../../wire/http1/head.js";
import { isName } from "./header-operations.js";
import { hasBytes, isDecoded } from "./match-field.js";
import { latin1 } from "./put-bytes.js";

const COOKIE = latin1("cookie");

/** `[start, end)` of the bytes that the head was parsed from. */
export class Range {
  start = 0;
  end = 0;
}

/**
 * The first line of that name with a value. Fields that will not be forwarded are not there.
 * @param name lower case
 * @param out untouched where there is none
 */
export function findHeader(bytes: Uint8Array, head: Head, name: Uint8Array, out: Range): boolean {
  const { fields } = head;
  const end = head.count * FIELD_STRIDE;
  for (let at = 0; at < end; at += FIELD_STRIDE) {
    if (!isField(bytes, fields, at, name) || fields[at + 3] === fields[at + 4]) continue;
    out.start = fields[at + 3];
    out.end = fields[at + 4];
    return true;
  }
  return false;
}

/** The first cookie of that name (RFC 6265 5.4: names have case) with a value, in any Cookie line. */
export function findCookie(bytes: Uint8Array, head: Head, name: Uint8Array, out: Range): boolean {
  const { fields } = head;
  const end = head.count * FIELD_STRIDE;
  for (let at = 0; at < end; at += FIELD_STRIDE) {
    if (isField(bytes, fields, at, COOKIE) && findPair(bytes, fields[at + 3], fields[at + 4], name, out)) return true;
  }
  return false;
}

/** The first parameter of that name with a value. The name may be percent-encoded; the range is as it was sent. */
export function findQuery(bytes: Uint8Array, head: RequestHead, name: Uint8Array, out: Range): boolean {
  const end = head.queryEnd;
  let at = head.pathEnd + 1;
  while (at < end) {
    let stop = at;
    let equals = -1;
    for (; stop < end && bytes[stop] !== 0x26; stop++) if (equals < 0 && bytes[stop] === 0x3d) equals = stop;
    if (equals >= 0 && equals + 1 < stop && isDecoded(bytes, at, equals, name, true)) {
      out.start = equals + 1;
      out.end = stop;
      return true;
    }
    at = stop + 1;
  }
  return false;
}

function isField(bytes: Uint8Array, fields: Int32Array, at: number, name: Uint8Array): boolean {
  const start = fields[at + 1];
  return fields[at + 2] - start === name.length && fields[at] !== Field.DROPPED && isName(name, bytes, start);
}

/** `name=value; name=value`. */
function findPair(bytes: Uint8Array, start: number, end: number, name: Uint8Array, out: Range): boolean {
  let at = start;
  while (at < end) {
    while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
    let stop = at;
    while (stop < end && bytes[stop] !== 0x3b) stop++;
    const value = at + name.length + 1;
    if (value < stop && bytes[value - 1] === 0x3d && hasBytes(bytes, at, name, name.length)) {
      out.start = value;
      out.end = stop;
      while (out.end > value && (bytes[out.end - 1] === 0x20 || bytes[out.end - 1] === 0x09)) out.end--;
      return true;
    }
    at = stop + 1;
  }
  return false;
}
