/**
 * The one reading of a path that routes decide on, and that is then forwarded. A listener that decides
 * nothing on paths leaves them alone. Otherwise:
 *
 * - What RFC 3986 6.2.2 calls equivalent is made equal, in place, before matching: `%61` becomes `a`, `%2f` becomes `%2F`,
 *   and dot segments (also as `%2e`) are resolved. An endpoint would do the same, and so get past a rule that did not.
 * - `%00`, a `%` that begins no escape, and a path that climbs above the root are refused.
 * - Readings that servers differ on are kept as they came: `%2F`, `%5C` or `\` as a slash, `//` as `/`, escapes of other
 *   reserved characters. But where such a reading would take another route, the request is refused: nobody can tell
 *   which one it should have taken.
 */
import { HEX } from "../../wire/http1/bytes.js";
import type { RequestHead } from "../../wire/http1/head.js";
import { latin1 } from "./put-bytes.js";

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const DOT = 0x2e;

/** Results of `inspectPath`. */
export const PathForm = {
  ORDINARY: 0,
  /** Dot segments or escapes. */ CHANGES: 1,
  /** Readings differ. */ AMBIGUOUS: 2,
} as const;

/** unreserved: escaping these changes nothing (RFC 3986 2.3). */
const UNRESERVED = new Uint8Array(256);
for (const byte of latin1("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~")) UNRESERVED[byte] = 1;
/** What a server may decode before it compares paths: visible ASCII, except what would end the path or begin an escape. */
const DECODED = new Uint8Array(256).fill(1, 0x21, 0x7f);
for (const byte of latin1("%?#")) DECODED[byte] = 0;

const HEX_DIGITS = latin1("0123456789ABCDEF");

/** Where a path is rebuilt; as long as the longest head. */
let scratch = new Uint8Array(16_384);

/** `PathForm` bits of the path at `[start, end)`. */
export function inspectPath(bytes: Uint8Array, start: number, end: number): number {
  let form = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === SLASH) {
      const next = bytes[i + 1];
      if (next === SLASH && i + 1 < end) form |= PathForm.AMBIGUOUS;
      else if (next === DOT && i + 1 < end) form |= PathForm.CHANGES;
    } else if (byte === PERCENT) form |= PathForm.CHANGES | PathForm.AMBIGUOUS;
    else if (byte === BACKSLASH) form |= PathForm.AMBIGUOUS;
  }
  return form;
}

/**
 * Normalises the path of `head` where it stands. What gets shorter moves towards the query: `pathStart` grows, `pathEnd`
 * stays. Returns false for a path that is refused.
 */
export function normalisePath(bytes: Uint8Array, head: RequestHead): boolean {
  const length = rebuild(bytes, head.pathStart, head.pathEnd, false);
  if (length < 0) return false;
  head.pathStart = head.pathEnd - length;
  for (let i = 0; i < length; i++) bytes[head.pathStart + i] = scratch[i];
  return true;
}

/**
 * Builds the most liberal reading of a path: everything decoded, `\` as `/`, slashes merged, dot segments resolved.
 * Returns its length, or -1 if it is refused. It stands at the beginning of `readingBytes()` until the next call.
 */
export function readLiberally(bytes: Uint8Array, start: number, end: number): number {
  return rebuild(bytes, start, end, true);
}

export function readingBytes(): Uint8Array {
  return scratch;
}

/** The normal form (`liberal`: the most liberal reading) of a configured path; undefined if no request can have it. */
export function normalText(path: string, liberal: boolean): Uint8Array | undefined {
  const escaped = new TextEncoder().encode(
    path.toWellFormed().replace(/[^\x21-\x7e]/gu, (char) => encodeURIComponent(char)),
  );
  const length = rebuild(escaped, 0, escaped.length, liberal);
  return length < 0 ? undefined : scratch.slice(0, length);
}

function rebuild(bytes: Uint8Array, start: number, end: number, liberal: boolean): number {
  if (scratch.length < end - start + 1) scratch = new Uint8Array(end - start + 1);
  let length = 0;
  for (let i = start; i < end; i++) {
    let byte = bytes[i];
    if (byte === PERCENT) {
      const high = i + 2 < end ? HEX[bytes[i + 1]] : 0;
      const low = i + 2 < end ? HEX[bytes[i + 2]] : 0;
      const value = ((high - 1) << 4) | (low - 1);
      if (high === 0 || low === 0 || value === 0) return -1;
      i += 2;
      if (UNRESERVED[value] === 0 && !(liberal && DECODED[value] === 1)) {
        scratch[length] = PERCENT;
        scratch[length + 1] = HEX_DIGITS[high - 1];
        scratch[length + 2] = HEX_DIGITS[low - 1];
        length += 3;
        continue;
      }
      byte = value;
    }
    if (liberal) {
      if (byte === BACKSLASH) byte = SLASH;
      if (byte === SLASH && length > 0 && scratch[length - 1] === SLASH) continue;
    }
    scratch[length++] = byte;
  }
  return resolveDots(length);
}

/** RFC 3986 5.2.4 on the scratch path, which begins with a slash; -1 if it climbs above the root. */
function resolveDots(length: number): number {
  let out = 0;
  let at = 0;
  while (at < length) {
    let stop = at + 1;
    while (stop < length && scratch[stop] !== SLASH) stop++;
    const isDot = stop - at === 2 && scratch[at + 1] === DOT;
    const isDouble = stop - at === 3 && scratch[at + 1] === DOT && scratch[at + 2] === DOT;
    if (isDouble) {
      if (out === 0) return -1;
      do out--;
      while (scratch[out] !== SLASH);
    }
    if (!isDot && !isDouble) while (at < stop) scratch[out++] = scratch[at++];
    else if (stop === length) scratch[out++] = SLASH;
    at = stop;
  }
  return out;
}
