/**
 * Which field a name is. Length and first letter leave at most one candidate, a comparison confirms it: a name that the
 * proxy does not act on costs one table load.
 */
import { Byte, LOWER } from "./bytes.js";
import { Field, type FieldId } from "./head.js";

const { HYPHEN, UNDERSCORE } = Byte;

const NAMES: readonly (readonly [FieldId, string])[] = [
  [Field.HOST, "host"],
  [Field.CONNECTION, "connection"],
  [Field.CONTENT_LENGTH, "content-length"],
  [Field.TRANSFER_ENCODING, "transfer-encoding"],
  [Field.EXPECT, "expect"],
  [Field.UPGRADE, "upgrade"],
  [Field.KEEP_ALIVE, "keep-alive"],
  [Field.PROXY_CONNECTION, "proxy-connection"],
  [Field.PROXY_AUTHORIZATION, "proxy-authorization"],
  [Field.TE, "te"],
  [Field.TRAILER, "trailer"],
  [Field.VIA, "via"],
  [Field.FORWARDED, "forwarded"],
  [Field.X_FORWARDED_FOR, "x-forwarded-for"],
  [Field.X_FORWARDED_PROTO, "x-forwarded-proto"],
  [Field.X_FORWARDED_HOST, "x-forwarded-host"],
  [Field.X_REQUEST_ID, "x-request-id"],
  [Field.MAX_FORWARDS, "max-forwards"],
  [Field.ACCEPT, "accept"],
  [Field.X_PLIMSOLL_EXPLAIN, "x-plimsoll-explain"],
  [Field.DATE, "date"],
];

/**
 * Names that Plimsoll does not act on, but that a front proxy sets and applications believe: nobody else may remove
 * them by naming them in Connection, or spell them with `_` (many applications read `_` as `-`). All `x-forwarded-*` too.
 */
const TRUSTED = [
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "x-original-url",
  "x-original-host",
  "x-original-forwarded-for",
  "x-rewrite-url",
  "x-host",
  "x-http-method-override",
  "x-scheme",
].map(bytesOf);
const TRUSTED_PREFIX = bytesOf("x-forwarded-");
const KNOWN = NAMES.map(([, name]) => bytesOf(name));

/** Longer names than this have no id. */
const LONGEST = 31;
/** Index: length * 32 + (first byte & 31). */
const CANDIDATE = new Uint8Array((LONGEST + 1) * 32);
/** Lower-case names, 32 bytes each, by id. */
const SPELLING = new Uint8Array(32 * 32);
for (const [id, name] of NAMES) {
  CANDIDATE[name.length * 32 + (name.charCodeAt(0) & 31)] = id;
  SPELLING.set(bytesOf(name), id * 32);
}

/** The id of a name made of token bytes without underscore; Field.OTHER where it has none. */
export function fieldId(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > LONGEST) return 0;
  const id = CANDIDATE[(length << 5) | (bytes[start] & 31)];
  if (id === 0) return 0;
  const spelling = (id << 5) - start;
  // Among token bytes, only a letter's two cases become that letter under | 0x20, and only "-" becomes "-".
  for (let i = start; i < end; i++) if ((bytes[i] | 0x20) !== SPELLING[spelling + i]) return 0;
  return id;
}

/** The id of a name that holds an underscore: DROPPED if with `-` it would be a name that matters, else OTHER. */
export function aliasId(bytes: Uint8Array, start: number, end: number): number {
  for (const name of KNOWN) if (isName(bytes, start, end, name)) return Field.DROPPED;
  return isTrusted(bytes, start, end) ? Field.DROPPED : Field.OTHER;
}

/** True for a name, in any case and with `_` read as `-`, that a front proxy sets and applications believe. */
export function isTrusted(bytes: Uint8Array, start: number, end: number): boolean {
  const prefixEnd = start + TRUSTED_PREFIX.length;
  if (prefixEnd < end && isName(bytes, start, prefixEnd, TRUSTED_PREFIX)) return true;
  for (const name of TRUSTED) if (isName(bytes, start, end, name)) return true;
  return false;
}

/** Compares token bytes with a lower-case name, in any case and with `_` read as `-`. */
export function isName(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] === UNDERSCORE ? HYPHEN : bytes[i] | 0x20;
    if (byte !== name[i - start]) return false;
  }
  return true;
}

/** Compares bytes without control characters with a word of lower-case letters, digits and hyphens, in any case. */
export function isWord(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  // Among such bytes only a letter's two cases become that letter under | 0x20, and only a hyphen or digit itself.
  for (let i = 0; i < word.length; i++) if ((bytes[start + i] | 0x20) !== word[i]) return false;
  return true;
}

/** Compares the token bytes of two names of one message, in any case. */
export function isSameName(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (LOWER[bytes[a + i]] !== LOWER[bytes[b + i]]) return false;
  return true;
}

/** The bytes of an ASCII text. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
