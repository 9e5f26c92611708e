/**
 * Decodes the chunked coding (RFC 9112 7.1) over any split of the input, copying no data. What it accepts it also cleans:
 * who forwards the bytes of verbatim calls, and a last chunk of his own where the end was not verbatim, sends the same body
 * in canonical form: no extensions, no leading zeros, no trailers that may not be forwarded.
 */
import type { Code } from "../../base/errors.js";
import type { HttpLimits } from "../../model/spec.js";
import { Byte, HEX } from "./bytes.js";
import { EXTENSION, EXTENSION_DONE, nextExtensionState } from "./chunk-extension.js";
import { scanFields } from "./fields.js";
import { Head } from "./head.js";
import { PARSE_ERRORS } from "./parse-errors.js";
import { keepAllowedTrailers } from "./trailers.js";

/** Data ranges per call; with more the call ends early. */
export const MAX_RANGES = 256;

/** Hexadecimal digits of a size. Sixteen hold 2^53 and the zeros that some servers put in front. */
const MAX_DIGITS = 16;
const MAX_TRAILER_FIELDS = 64;

const { CR, LF, SEMICOLON, ZERO } = Byte;

// Verbatim: SIZE -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE ... DONE, where the last chunk stands in one piece.
const SIZE = 0;
const SIZE_CR = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const DONE = 6;
// Not verbatim: SIZE -> ZEROS (a size that starts with 0) -> SIZE; ZEROS -> LAST_LF -> LAST -> END_LF | TRAILERS -> DONE.
// SIZE | ZEROS -> EXTENSION ... -> SIZE_CR | LAST_LF, at the CR.
const ZEROS = 7;
const LAST_LF = 8;
const LAST = 9;
const END_LF = 10;
const TRAILERS = 11;

// One for all decoders of a thread: a decoder per connection must be small.
const RANGES = new Int32Array(2 * MAX_RANGES);
const TRAILER_HEAD = new Head(MAX_TRAILER_FIELDS);
const NO_BYTES = new Uint8Array(0);

export class ChunkedDecoder {
  /** Start and end of each piece of body data that the last call found. Valid until the next call of any decoder. */
  readonly ranges: Int32Array = RANGES;
  rangeCount = 0;
  /**
   * True: the bytes that the last call consumed are canonical and may be forwarded as they are. False: they held no data
   * and must not be forwarded; if `done` is set, a last chunk with `trailers` is to be sent. Whoever sends no chunks only
   * reads the ranges.
   */
  verbatim = true;
  /** The whole body has been consumed; the bytes behind it are the next message's. */
  done = false;
  /** What is wrong: BAD_REQUEST or, for the trailers, HEADERS_TOO_LARGE. Of a response it means RESPONSE_INVALID. */
  fault: Code | undefined = undefined;
  /** After a fault: why, for the log. */
  reason = "";
  /** Body data so far, without framing. */
  bodyBytes = 0;
  /** Once `done`, `[0, trailerLength)`: the trailer lines that may be forwarded, each with its CRLF. */
  trailers: Uint8Array = NO_BYTES;
  trailerLength = 0;
  /** @internal */ limits: HttpLimits | undefined = undefined;
  /** @internal */ state = SIZE;
  /** @internal Of the size being read; then bytes that the chunk still lacks. */ size = 0;
  /** @internal */ digits = 0;
  /** @internal */ extensionBytes = 0;
  /** @internal Trailer bytes received, into `trailers`. */ collected = 0;

  /** Makes ready for a new body. */
  reset(limits: HttpLimits): void {
    this.limits = limits;
    this.rangeCount = 0;
    this.verbatim = true;
    this.done = false;
    this.fault = undefined;
    this.bodyBytes = 0;
    this.trailers = NO_BYTES;
    this.trailerLength = 0;
    this.state = SIZE;
    this.size = 0;
    this.digits = 0;
    this.extensionBytes = 0;
    this.collected = 0;
  }

  get failed(): boolean {
    return this.fault !== undefined;
  }

  /**
   * Decodes `[start, end)`, which must not be empty. Call again with what is left until all is consumed or `done` is set.
   * @returns the bytes consumed, at least one; after a fault 0, and nothing of the call may be used
   */
  decode(bytes: Uint8Array, start: number, end: number): number {
    this.rangeCount = 0;
    this.verbatim = true;
    if (this.state >= ZEROS) {
      const consumed = this.#decodeOdd(bytes, start, end);
      if (consumed > 0 || this.fault !== undefined) return consumed;
      this.verbatim = true;
    }
    return this.#decodeVerbatim(bytes, start, end);
  }

  #decodeVerbatim(bytes: Uint8Array, start: number, end: number): number {
    let { state, size, digits } = this;
    let rangeCount = 0;
    let pos = start;
    while (pos < end) {
      const byte = bytes[pos];
      switch (state) {
        case SIZE: {
          const digit = HEX[byte];
          if (digit === 0 || (byte === ZERO && digits === 0)) {
            if (digits > 0 && byte === CR) {
              state = SIZE_LF;
              break;
            }
            this.#save(state, size, digits, rangeCount);
            return this.#leaveVerbatim(bytes, start, pos, end);
          }
          if (++digits > MAX_DIGITS) return this.#fail("a chunk size with too many digits");
          // The parentheses keep the sum exact up to 2^53.
          size = size * 16 + (digit - 1);
          break;
        }
        case SIZE_CR:
          state = SIZE_LF;
          break;
        case SIZE_LF:
          if (byte !== LF) return this.#fail("a CR without LF after a chunk size");
          if (size > Number.MAX_SAFE_INTEGER) return this.#fail("a chunk size of 2^53 or more");
          state = DATA;
          digits = 0;
          break;
        case DATA: {
          if (rangeCount === MAX_RANGES) {
            this.#save(state, size, digits, rangeCount);
            return pos - start;
          }
          const length = Math.min(size, end - pos);
          RANGES[2 * rangeCount] = pos;
          RANGES[2 * rangeCount + 1] = pos + length;
          rangeCount++;
          this.bodyBytes += length;
          size -= length;
          // One less: the loop steps over the last byte.
          pos += length - 1;
          if (size === 0) state = DATA_CR;
          break;
        }
        case DATA_CR:
          if (byte !== CR) return this.#fail("chunk data longer than its size");
          state = DATA_LF;
          break;
        default:
          if (byte !== LF) return this.#fail("a CR without LF after chunk data");
          state = SIZE;
      }
      pos++;
    }
    this.#save(state, size, digits, rangeCount);
    return pos - start;
  }

  #save(state: number, size: number, digits: number, rangeCount: number): void {
    this.state = state;
    this.size = size;
    this.digits = digits;
    this.rangeCount = rangeCount;
  }

  /** At a byte of a size that is no plain digit: the usual end, the start of something that is not forwarded, or a fault. */
  #leaveVerbatim(bytes: Uint8Array, start: number, pos: number, end: number): number {
    if (bytes[pos] === ZERO) {
      if (end - pos >= 5 && isPlainEnd(bytes, pos)) {
        this.state = DONE;
        this.done = true;
        return pos + 5 - start;
      }
      this.state = ZEROS;
    } else if (bytes[pos] === SEMICOLON && this.digits > 0) this.state = EXTENSION;
    else return this.#fail("an invalid chunk size");
    return pos > start ? pos - start : this.#decodeOdd(bytes, start, end);
  }

  /** Consumes what is not forwarded; 0 without a fault means that verbatim bytes follow at once. */
  #decodeOdd(bytes: Uint8Array, start: number, end: number): number {
    this.verbatim = false;
    let pos = start;
    while (pos < end && this.state >= ZEROS) {
      if (this.state === TRAILERS) return this.#collectTrailers(bytes, start, pos, end);
      const next = this.state >= EXTENSION ? this.#afterExtensionByte(bytes[pos]) : this.#afterOddByte(bytes[pos]);
      if (next < 0) return 0;
      // Trailers, and what is verbatim again, begin with this very byte.
      if (next !== TRAILERS && next !== SIZE && next !== SIZE_CR) pos++;
      this.state = next;
    }
    return pos - start;
  }

  #afterOddByte(byte: number): number {
    switch (this.state) {
      case ZEROS:
        if (byte === ZERO) {
          if (++this.digits > MAX_DIGITS) break;
          return ZEROS;
        }
        if (byte === CR) return LAST_LF;
        if (byte === SEMICOLON) return this.#afterExtensionByte(byte);
        if (HEX[byte] > 0) return SIZE;
        break;
      case LAST_LF:
        if (byte === LF) return LAST;
        break;
      case LAST:
        return byte === CR ? END_LF : TRAILERS;
      default:
        if (byte === LF) {
          this.done = true;
          return DONE;
        }
    }
    return this.#fail("an invalid last chunk") - 1;
  }

  #afterExtensionByte(byte: number): number {
    const next = nextExtensionState(Math.max(this.state, EXTENSION), byte);
    if (next < 0) return this.#fail("an invalid chunk extension") - 1;
    if (next === EXTENSION_DONE) return this.size > 0 ? SIZE_CR : LAST_LF;
    if (++this.extensionBytes > this.limits!.maxChunkExtensionBytes) return this.#fail("too long chunk extensions") - 1;
    return next;
  }

  /** Reads trailers from a copy: they are rare, few, and only known to be allowed when their line is complete. */
  #collectTrailers(bytes: Uint8Array, start: number, pos: number, end: number): number {
    const { maxTrailerBytes } = this.limits!;
    const before = this.collected;
    if (before === 0) this.trailers = new Uint8Array(maxTrailerBytes);
    const length = Math.min(end - pos, maxTrailerBytes - before);
    this.trailers.set(bytes.subarray(pos, pos + length), before);
    this.collected = before + length;
    const sectionEnd = scanFields(this.trailers, 0, this.collected, maxTrailerBytes, this.limits!, TRAILER_HEAD);
    if (sectionEnd < 0) return this.#fail(TRAILER_HEAD.reason, PARSE_ERRORS[-1 - sectionEnd]);
    if (sectionEnd === 0) return pos + length - start;
    this.trailerLength = keepAllowedTrailers(this.trailers, TRAILER_HEAD);
    this.state = DONE;
    this.done = true;
    return pos + sectionEnd - before - start;
  }

  #fail(reason: string, fault: Code = "BAD_REQUEST"): 0 {
    this.reason = reason;
    this.fault = fault;
    this.rangeCount = 0;
    return 0;
  }
}

/** `0` CRLF CRLF, of which the `0` is known. */
function isPlainEnd(bytes: Uint8Array, pos: number): boolean {
  return bytes[pos + 1] === CR && bytes[pos + 2] === LF && bytes[pos + 3] === CR && bytes[pos + 4] === LF;
}
