/**
 * Which trailer fields may go on. A trailer arrives when routing, authentication and framing are long decided: a field
 * that could change them afterwards, for a reader who merges trailers into the header, is dropped (RFC 9110 6.5.1).
 */
import { writeCrlf } from "./chunk-writer.js";
import { FIELD_STRIDE, Field, type Head } from "./head.js";
import { bytesOf, isName, isTrusted } from "./names.js";

/** Besides every name with an id of its own. */
const FORBIDDEN = [
  "authorization",
  "www-authenticate",
  "proxy-authenticate",
  "authentication-info",
  "proxy-authentication-info",
  "cookie",
  "set-cookie",
  "http2-settings",
  "origin",
  "referer",
  "range",
  "if-range",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "cache-control",
  "pragma",
  "age",
  "expires",
  "date",
  "vary",
  "location",
  "retry-after",
  "content-encoding",
  "content-language",
  "content-location",
  "content-range",
  "content-type",
  "content-disposition",
  "content-security-policy",
  "strict-transport-security",
  "access-control-allow-origin",
  "access-control-allow-credentials",
].map(bytesOf);

/**
 * Moves the field lines of a parsed trailer section that may be forwarded to the front of `bytes`, each with its CRLF.
 * @returns their length
 */
export function keepAllowedTrailers(bytes: Uint8Array, head: Head): number {
  let at = 0;
  for (let slot = 0; slot < head.count * FIELD_STRIDE; slot += FIELD_STRIDE) {
    const { fields } = head;
    const nameStart = fields[slot + 1];
    const nameEnd = fields[slot + 2];
    if (fields[slot] !== Field.OTHER || isForbidden(bytes, nameStart, nameEnd)) continue;
    const valueStart = fields[slot + 3];
    // Lines only ever move towards the front, so no line is overwritten before it has been copied.
    bytes.copyWithin(at, nameStart, valueStart);
    at += valueStart - nameStart;
    bytes.copyWithin(at, valueStart, fields[slot + 4]);
    at = writeCrlf(bytes, at + fields[slot + 4] - valueStart);
  }
  return at;
}

function isForbidden(bytes: Uint8Array, start: number, end: number): boolean {
  for (const name of FORBIDDEN) if (isName(bytes, start, end, name)) return true;
  return isTrusted(bytes, start, end);
}
