/**
 * Shares of one stream of requests by weight: in turn, which is exact over any period of the sequence, or by a hash, so
 * that equal hashes stay together. Below the clusters; who shares what (a route, an experiment) is the caller's matter.
 */
import { mix32 } from "../base/hash.js";
import type { Random } from "../base/random.js";
import { buildSequence } from "./sequence.js";

/** Any constant: what decides the share must not also decide the endpoint behind it. */
const SALT = 0x51ab_3c77;

export class WeightedSplit {
  readonly #sequence: Uint16Array;
  /** Index of each turn of the sequence in the weights that were given. */
  readonly #positive: readonly number[];
  /** Upper ends of the shares on [0, 2^32), in order. */
  readonly #bounds: readonly number[];
  #turn: number;

  /**
   * @param weights integers, at least one above 0
   * @param random where the sequence begins, so that several workers do not all begin with the same share
   */
  constructor(weights: readonly number[], random: Random) {
    this.#positive = weights.flatMap((weight, index) => (weight > 0 ? [index] : []));
    if (this.#positive.length === 0) throw new RangeError("no weight is above 0");
    this.#sequence = buildSequence(this.#positive.map((index) => weights[index]));
    this.#turn = random.below(this.#sequence.length);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    this.#bounds = weights.map((weight) => {
      sum += weight;
      return (sum / total) * 0x1_0000_0000;
    });
  }

  /** The index whose turn it is. */
  next(): number {
    const turn = this.#turn;
    this.#turn = turn + 1 === this.#sequence.length ? 0 : turn + 1;
    return this.#positive[this.#sequence[turn]];
  }

  /** The index for an unsigned 32-bit hash. When weights change, no more hashes move than the shares do. */
  at(hash: number): number {
    const point = mix32(hash ^ SALT);
    let index = 0;
    while (point >= this.#bounds[index]) index++;
    return index;
  }
}
