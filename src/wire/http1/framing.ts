/**
 * What the fields say about the message itself: its length, and what becomes of the connection. One answer for request
 * and response, because two readers of one message who disagree here are a smuggled request (RFC 9112 6 and 11.2).
 */
import { Byte, isDigit, TOKEN } from "./bytes.js";
import { Body, Field, type Head, FIELD_STRIDE as STRIDE } from "./head.js";
import { bytesOf, fieldId, isSameName, isTrusted, isWord } from "./names.js";
import { Fault, type FaultNumber, fail } from "./parse-errors.js";

const { COMMA, HTAB, SP, ZERO } = Byte;
const { ACCEPT, CONNECTION, CONTENT_LENGTH, DROPPED, OTHER, TRAILER, TRANSFER_ENCODING } = Field;
const FIELD_STRIDE = STRIDE;
const TOKEN_BYTES = TOKEN;

/** Results of `readConnection`: bits. */
export const Option = { CLOSE: 1, KEEP_ALIVE: 2, UPGRADE: 4 } as const;
const OPTION = Option;

/** Each option may have to be compared with each field: a bound on their product. */
const MAX_OPTIONS = 64;

const CHUNKED = bytesOf("chunked");
const KEEP_ALIVE = bytesOf("keep-alive");
const CLOSE = bytesOf("close");
const UPGRADE = bytesOf("upgrade");

const FRAMING = (1 << CONTENT_LENGTH) | (1 << TRANSFER_ENCODING);

/**
 * Sets `body` and `contentLength` from Content-Length and Transfer-Encoding: NONE where there is neither. Refuses every
 * message whose length two readers could see differently: both fields, either twice, a list, a sign, a leading zero,
 * 2^53 or more, any coding but `chunked` alone, any coding in HTTP/1.0.
 * @returns 0 or a fault (BAD_REQUEST, TRANSFER_CODING)
 */
export function readFraming(bytes: Uint8Array, out: Head): 0 | FaultNumber {
  out.body = Body.NONE;
  out.contentLength = 0;
  const length = out.first[CONTENT_LENGTH];
  const coding = out.first[TRANSFER_ENCODING];
  if ((length & coding) === -1) return 0;
  if ((out.repeated & FRAMING) !== 0)
    return fail(out, Fault.BAD_REQUEST, "repeated Content-Length or Transfer-Encoding");
  if (coding >= 0) {
    if (length >= 0) return fail(out, Fault.BAD_REQUEST, "both Content-Length and Transfer-Encoding");
    if (out.minor === 0) return fail(out, Fault.BAD_REQUEST, "Transfer-Encoding in HTTP/1.0");
    const slot = coding * FIELD_STRIDE;
    if (!isChunked(bytes, out.fields[slot + 3], out.fields[slot + 4])) {
      return fail(out, Fault.TRANSFER_CODING, "a transfer coding other than chunked");
    }
    out.body = Body.CHUNKED;
    return 0;
  }
  const slot = length * FIELD_STRIDE;
  const value = decimal(bytes, out.fields[slot + 3], out.fields[slot + 4]);
  if (value < 0) return fail(out, Fault.BAD_REQUEST, "an invalid Content-Length");
  out.body = Body.LENGTH;
  out.contentLength = value;
  return 0;
}

/** `chunked` in any case (RFC 9112 7) and nothing else. */
function isChunked(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === CHUNKED.length && isWord(bytes, start, CHUNKED);
}

/** A decimal number without sign, blanks and leading zeros, below 2^53; else -1. */
function decimal(bytes: Uint8Array, start: number, end: number): number {
  const digits = end - start;
  if (digits < 1 || digits > 16) return -1;
  if (digits > 1 && bytes[start] === ZERO) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    if (!isDigit(bytes[i])) return -1;
    value = value * 10 + (bytes[i] - ZERO);
  }
  // Sixteen digits stay below 2^54: the rounding of the last step cannot bring a number from above the bound below it.
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

/**
 * Reads every Connection field (RFC 9110 7.6.1): returns the `Option` bits it holds, and marks the fields it names as
 * DROPPED. Exempt are the names the proxy acts on (it treats the hop-by-hop ones by their id, and nobody may strip
 * framing, Host or forwarding information: CVE-2026-26365, CVE-2024-45410).
 * @returns bits, or a fault (BAD_REQUEST, HEADERS_TOO_LARGE)
 */
export function readConnection(bytes: Uint8Array, out: Head): number {
  const index = out.first[CONNECTION];
  if (index < 0) return 0;
  const fields = out.fields;
  const last = (out.repeated & (1 << CONNECTION)) === 0 ? index + 1 : out.count;
  let bits = 0;
  let options = 0;
  for (let slot = index * FIELD_STRIDE; slot < last * FIELD_STRIDE; slot += FIELD_STRIDE) {
    if (fields[slot] !== CONNECTION) continue;
    const end = fields[slot + 4];
    let pos = fields[slot + 3];
    const only = knownOption(bytes, pos, end);
    if (only !== 0) {
      bits |= only;
      continue;
    }
    while (pos < end) {
      const start = pos;
      while (pos < end && TOKEN_BYTES[bytes[pos]] !== 0) pos++;
      if (pos > start) {
        if (++options > MAX_OPTIONS) return fail(out, Fault.HEADERS_TOO_LARGE, "too many Connection options");
        const option = knownOption(bytes, start, pos);
        if (option === 0) drop(bytes, start, pos, out);
        bits |= option;
      }
      while (pos < end && (bytes[pos] === SP || bytes[pos] === HTAB)) pos++;
      if (pos === end) break;
      if (bytes[pos] !== COMMA) return fail(out, Fault.BAD_REQUEST, "an invalid Connection field");
      pos++;
      while (pos < end && (bytes[pos] === SP || bytes[pos] === HTAB)) pos++;
    }
  }
  return bits;
}

function knownOption(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 10 && isWord(bytes, start, KEEP_ALIVE)) return OPTION.KEEP_ALIVE;
  if (length === 5 && isWord(bytes, start, CLOSE)) return OPTION.CLOSE;
  return length === 7 && isWord(bytes, start, UPGRADE) ? OPTION.UPGRADE : 0;
}

function drop(bytes: Uint8Array, start: number, end: number, out: Head): void {
  const id = fieldId(bytes, start, end);
  if (id !== OTHER && id !== ACCEPT && id !== TRAILER) return;
  if (id === OTHER && isTrusted(bytes, start, end)) return;
  const fields = out.fields;
  for (let index = 0; index < out.count; index++) {
    const slot = index * FIELD_STRIDE;
    const nameStart = fields[slot + 1];
    if (fields[slot] !== id || fields[slot + 2] - nameStart !== end - start) continue;
    if (isSameName(bytes, nameStart, start, end - start)) markDropped(out, index);
  }
  if (id !== OTHER) out.first[id] = -1;
}

/** Takes a field out of what is forwarded. */
export function markDropped(out: Head, index: number): void {
  out.fields[index * FIELD_STRIDE] = DROPPED;
  const first = out.first[DROPPED];
  if (first < 0 || index < first) out.first[DROPPED] = index;
  out.present |= 1 << DROPPED;
}
