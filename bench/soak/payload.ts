/** Bodies that say where each byte belongs: a window into random bytes, placed by the request's number. */
import { createRandom } from "../../src/base/random.js";

/** A prime, so that windows of neighbouring requests share no alignment. */
const PLACES = 65_521;
const MAX_BYTES = 2 << 20;

const source = Buffer.alloc((PLACES + MAX_BYTES + 4) & ~3);
const random = createRandom(1);
for (let at = 0; at < source.length; at += 4) source.writeUInt32LE(random.next(), at);

/** Bytes `[from, to)` of the body of request `id`; `side` 0 = request, 1 = response. */
export function payload(id: number, side: number, from: number, to: number): Buffer {
  const at = Math.imul(id * 2 + side, 0x9e3779b1) >>> 0;
  return source.subarray((at % PLACES) + from, (at % PLACES) + to);
}

/** `piece` is what stands at `from` in that body. */
export function isPayload(id: number, side: number, from: number, piece: Uint8Array): boolean {
  return from + piece.length <= MAX_BYTES && payload(id, side, from, from + piece.length).equals(piece);
}
