/**
 * Load reports in binary form: base64 of the protobuf message `xds.data.orca.v3.OrcaLoadReport`. Only its numbers are read, by
 * a decoder of their own: a few lines, which copy nothing, never recurse and end with the input, whatever that is.
 */

// Wire types (protobuf encoding guide).
const VARINT = 0;
const DOUBLE = 1;
const BYTES = 2;
const FIXED32 = 5;

/** By field number: name and wire type. Of maps only the form is checked. */
const FIELDS = [
  undefined,
  ["cpu_utilization", DOUBLE],
  ["mem_utilization", DOUBLE],
  ["rps", VARINT],
  ["request_cost", BYTES],
  ["utilization", BYTES],
  ["rps_fractional", DOUBLE],
  ["eps", DOUBLE],
  ["named_metrics", BYTES],
  ["application_utilization", DOUBLE],
] as const;

/** Bytes of a 64-bit integer. */
const MAX_VARINT = 10;
const MAX_KEY = 0xffff_ffff;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const DIGITS = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) DIGITS[ALPHABET.charCodeAt(i)] = i;

/**
 * Tells `take` each number of the message, in order: of a field that stands there twice the last one counts. Fields that are
 * not known are skipped.
 * @param text with or without padding, as gRPC's binary metadata
 * @param take false: not a value that the field may have
 * @returns false if anything is malformed; then nothing that was told counts
 */
export function readBinaryReport(text: string, take: (name: string, value: number) => boolean): boolean {
  const bytes = decodeBase64(text);
  return bytes !== undefined && new Message(bytes).read(take);
}

class Message {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(take: (name: string, value: number) => boolean): boolean {
    while (this.#at < this.#bytes.length) {
      const key = this.#varint();
      // Below 8 the field number is 0.
      if (key === undefined || key < 8 || key > MAX_KEY) return false;
      const type = key % 8;
      const field = FIELDS[Math.floor(key / 8)];
      if (field !== undefined && field[1] !== type) return false;
      const value = this.#value(type);
      if (value === undefined) return false;
      if (field !== undefined && type !== BYTES && !take(field[0], value)) return false;
    }
    return true;
  }

  /** Steps over a value: the number that it is, 0 for those that are none; undefined if it is malformed. */
  #value(type: number): number | undefined {
    if (type === VARINT) return this.#varint();
    if (type === DOUBLE) return this.#skip(8) === undefined ? undefined : this.#view.getFloat64(this.#at - 8, true);
    if (type === BYTES) return this.#skip(this.#varint());
    // Groups are long deprecated, and nest.
    return type === FIXED32 ? this.#skip(4) : undefined;
  }

  /** Steps over that many bytes; undefined if there are fewer. */
  #skip(size: number | undefined): 0 | undefined {
    if (size === undefined || size > this.#bytes.length - this.#at) return undefined;
    this.#at += size;
    return 0;
  }

  /** Undefined if it is cut short or too long. Inexact from 2^53, which is beyond all that is compared with it. */
  #varint(): number | undefined {
    let value = 0;
    let unit = 1;
    for (let count = 0; count < MAX_VARINT && this.#at < this.#bytes.length; count++) {
      const byte = this.#bytes[this.#at++];
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 128;
    }
    return undefined;
  }
}

/** RFC 4648 4; padding may be left out, but not half of it. */
function decodeBase64(text: string): Uint8Array | undefined {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const length = text.length - padding;
  if (length % 4 === 1 || (padding > 0 && text.length % 4 !== 0)) return undefined;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    const digit = code < DIGITS.length ? DIGITS[code] : -1;
    if (digit < 0) return undefined;
    bits = ((bits << 6) | digit) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >> held;
  }
  return bytes;
}
