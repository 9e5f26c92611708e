/** Writes the framing of the chunked coding (RFC 9112 7.1) into bytes that the caller has room in. */
import { Byte } from "./bytes.js";

const { CR, LF, ZERO } = Byte;

/** Room for `writeChunkHeader`: eight hexadecimal digits and CRLF. */
export const MAX_CHUNK_HEADER = 10;

/**
 * Writes `size` in hexadecimal and CRLF at `at`; the chunk's data and `writeCrlf` belong behind it.
 * @param size 1 to 2^31 - 1 (a chunk of 0 bytes would end the body)
 * @returns the offset behind what was written
 */
export function writeChunkHeader(bytes: Uint8Array, at: number, size: number): number {
  let pos = at;
  // clz32 finds the highest digit that is not 0.
  for (let shift = (31 - Math.clz32(size)) & ~3; shift >= 0; shift -= 4) {
    const digit = (size >>> shift) & 15;
    bytes[pos++] = digit < 10 ? ZERO + digit : 0x57 + digit;
  }
  return writeCrlf(bytes, pos);
}

/** Writes a CRLF. Returns the offset behind it. */
export function writeCrlf(bytes: Uint8Array, at: number): number {
  bytes[at] = CR;
  bytes[at + 1] = LF;
  return at + 2;
}

/** Writes the last chunk without trailers, 5 bytes. Returns the offset behind it. */
export function writeLastChunk(bytes: Uint8Array, at: number): number {
  bytes[at] = ZERO;
  return writeCrlf(bytes, writeCrlf(bytes, at + 1));
}

/**
 * Writes the last chunk with trailers: `ChunkedDecoder.trailers` and `trailerLength`.
 * @returns the offset behind it: `at` + 5 + `length`
 */
export function writeLastChunkWithTrailers(
  bytes: Uint8Array,
  at: number,
  trailers: Uint8Array,
  length: number,
): number {
  bytes[at] = ZERO;
  let pos = writeCrlf(bytes, at + 1);
  for (let i = 0; i < length; i++) bytes[pos++] = trailers[i];
  return writeCrlf(bytes, pos);
}
