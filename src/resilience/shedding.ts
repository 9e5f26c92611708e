/**
 * Whether a worker is short of what it needs for requests that it has, and whom it therefore refuses: the lowest class first, and
 * early, while it still can do so cheaply. Two signals: the share of its buffers in use, and how late its loop is. Levels rise
 * at once and fall one by one, each only well below where it began, so that nobody is refused and let in by turns.
 */
import { PRIORITIES } from "../model/flow-spec.js";
import type { OverloadSpec } from "../model/spec.js";

/** A level ends this many points below where it began (buffers), or at this share of it (delay). */
const BUFFER_GAP = 5;
const DELAY_GAP = 0.5;

export class Shedding {
  /** How many classes are refused, from the lowest; 0 = none. */
  level = 0;
  /** A single late turn may be the machine's: only two in a row count. */
  #lastDelayMs = 0;

  /**
   * Looks at the signals; to be called at a steady pace.
   * @param bufferPercent of the worker's buffers that are in use
   * @param delayMs how late the loop was
   */
  observe(spec: OverloadSpec, bufferPercent: number, delayMs: number): void {
    const steadyMs = Math.min(delayMs, this.#lastDelayMs);
    this.#lastDelayMs = delayMs;
    let level = PRIORITIES.length;
    while (level > this.level && !isReached(spec, level, bufferPercent, steadyMs, 0, 1)) level--;
    if (level === this.level && level > 0 && !isReached(spec, level, bufferPercent, delayMs, BUFFER_GAP, DELAY_GAP))
      level--;
    this.level = level;
  }
}

/** A class is refused at this level. @param priority index in PRIORITIES */
export function isShed(level: number, priority: number): boolean {
  return PRIORITIES.length - priority <= level;
}

/** What is left above the first bound is shared evenly; each delay is twice the one before. */
function isReached(
  { bufferPercent: bound, delayMs: late }: OverloadSpec,
  level: number,
  bufferPercent: number,
  delayMs: number,
  bufferGap: number,
  delayGap: number,
): boolean {
  const buffers = bound + ((100 - bound) * (level - 1)) / PRIORITIES.length;
  if (bound > 0 && bufferPercent >= buffers - bufferGap) return true;
  return late > 0 && delayMs >= late * 2 ** (level - 1) * delayGap;
}
