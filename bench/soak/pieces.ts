/** Messages as bytes, and how they are cut into writes. */
import type { Random } from "../../src/base/random.js";
import { payload } from "./payload.js";

export interface BodyPlan {
  readonly id: number;
  /** 0 = request, 1 = response. */
  readonly side: number;
  readonly bytes: number;
  readonly chunked: boolean;
  readonly trailers: boolean;
  /** Only so much of it, and no end. */
  readonly until?: number;
}

const CRLF = Buffer.from("\r\n");
const MAX_CHUNKS = 40;

/** A body as buffers, with its framing. Chunk sizes are random; some chunks carry an extension. */
export function bodyPieces(plan: BodyPlan, random: Random): Buffer[] {
  const { id, side, bytes } = plan;
  const until = plan.until ?? bytes;
  if (!plan.chunked) return until === 0 ? [] : [payload(id, side, 0, until)];
  const pieces: Buffer[] = [];
  const largest = Math.max(1, Math.ceil(bytes / (1 + random.below(MAX_CHUNKS / 2))));
  for (let at = 0; at < until; ) {
    const size = pieces.length > 3 * MAX_CHUNKS ? bytes - at : Math.min(bytes - at, 1 + random.below(largest));
    const extension = random.below(20) === 0 ? ";soak=1" : "";
    pieces.push(Buffer.from(`${size.toString(16)}${extension}\r\n`), payload(id, side, at, Math.min(at + size, until)));
    if (at + size <= until) pieces.push(CRLF);
    at += size;
  }
  if (plan.until === undefined) pieces.push(Buffer.from(plan.trailers ? `0\r\nx-soak: ${id}\r\n\r\n` : "0\r\n\r\n"));
  return pieces;
}

/**
 * The same bytes as other buffers: mostly whole, else cut at a few random places, or the first ones into crumbs. What is
 * one buffer is one write.
 */
export function cut(pieces: readonly Buffer[], random: Random): Buffer[] {
  const whole = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  const style = random.below(100);
  const cuts: Buffer[] = [];
  let at = 0;
  if (style < 5) for (let i = 0; i < 30 && at < whole.length; i++) at = slice(whole, at, 1 + random.below(12), cuts);
  else if (style < 25) {
    const largest = Math.max(2, whole.length / 2);
    for (let i = 0; i < 8 && at < whole.length; i++) at = slice(whole, at, 1 + random.below(largest), cuts);
  }
  if (at < whole.length) cuts.push(whole.subarray(at));
  return cuts;
}

function slice(whole: Buffer, at: number, size: number, into: Buffer[]): number {
  into.push(whole.subarray(at, at + size));
  return at + size;
}
