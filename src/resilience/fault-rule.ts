/**
 * Which faults a request gets on purpose: each is drawn by its own percentage (as Envoy's fault filter does), and where
 * the rule says so only among those that the request asks for.
 */
import { percentOf2to32, type Random } from "../base/random.js";

/** Bits. */
export const Fault = { NONE: 0, DELAY: 1, ABORT: 2 } as const;

export class FaultRule {
  readonly #delayBelow: number;
  readonly #abortBelow: number;
  /** Only requests that ask are hit. */
  readonly mustAsk: boolean;

  /** @param delayPercent @param abortPercent 0 to 100 */
  constructor(delayPercent: number, abortPercent: number, mustAsk: boolean) {
    this.#delayBelow = percentOf2to32(delayPercent);
    this.#abortBelow = percentOf2to32(abortPercent);
    this.mustAsk = mustAsk;
  }

  /** @param asked bits of `Fault`; only looked at where the request must ask. @returns bits of `Fault` */
  draw(asked: number, random: Random): number {
    const possible = this.mustAsk ? asked : Fault.DELAY | Fault.ABORT;
    let faults = Fault.NONE as number;
    if ((possible & Fault.DELAY) !== 0 && random.next() < this.#delayBelow) faults |= Fault.DELAY;
    if ((possible & Fault.ABORT) !== 0 && random.next() < this.#abortBelow) faults |= Fault.ABORT;
    return faults;
  }
}
