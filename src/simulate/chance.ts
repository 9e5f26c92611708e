/**
 * The world's chance, as a function of what it is about and not of what was asked before: request 7's third try draws the
 * same number whatever policy brought it there. Two configurations are so compared on the same requests (common random
 * numbers), and the difference is theirs.
 */
import { mix32 } from "../base/hash.js";

/** What a number is drawn for. */
export const Draw = { GAP: 1, KEY: 2, WORK: 3, ERROR: 4, PROBE: 5 } as const;
type DrawId = (typeof Draw)[keyof typeof Draw];

/** Spreads what differs only in its low bits (golden ratio, as in SplitMix). */
const STEP = 0x9e3779b9;

/** A number in (0, 1), uniform. @param about the request @param turn its try */
export function uniform(seed: number, draw: DrawId, about: number, turn: number): number {
  const stream = mix32(seed ^ Math.imul(draw, STEP));
  const inner = mix32(stream ^ mix32(about + Math.imul(turn, STEP)));
  // Never 0 and never 1: quantiles there may be infinite.
  return (inner + 0.5) / 0x1_0000_0000;
}
