/** Draws indices in proportion to weights in constant time: the alias method (Walker 1977, built as Vose 1991). */
import type { Random } from "../base/random.js";

export interface AliasTable {
  /** Chance, 0..1, that a column yields its own index; undefined when all weights are equal. */
  readonly own: Float64Array | undefined;
  /** What it yields otherwise. */
  readonly alias: Uint16Array;
}

export class Sampler {
  readonly #size: number;
  readonly #own: Float64Array | undefined;
  readonly #alias: Uint16Array;

  constructor(table: AliasTable) {
    this.#size = table.alias.length;
    this.#own = table.own;
    this.#alias = table.alias;
  }

  draw(random: Random): number {
    // One draw for both: its whole part is the column, the rest decides within it (18 bits at 16384 columns).
    const place = (random.next() / 0x1_0000_0000) * this.#size;
    const column = Math.floor(place);
    return this.#own === undefined || place - column < this.#own[column] ? column : this.#alias[column];
  }

  /** Another index than `first` if there is one: by weight, and if that gives the same one, any other. */
  drawOther(first: number, random: Random): number {
    const second = this.draw(random);
    if (second !== first || this.#size === 1) return second;
    return (first + 1 + random.below(this.#size - 1)) % this.#size;
  }
}

/** @param weights positive, at least one */
export function buildAlias(weights: readonly number[]): AliasTable {
  const alias = new Uint16Array(weights.length);
  if (weights.every((weight) => weight === weights[0])) return { own: undefined, alias };
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  const left = Float64Array.from(weights, (weight) => weight / mean);
  // What rounding leaves over in the end belongs to the column itself: hence 1 and not 0.
  const own = new Float64Array(weights.length).fill(1);
  const small: number[] = [];
  const large: number[] = [];
  left.forEach((share, index) => {
    (share < 1 ? small : large).push(index);
  });
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop()!;
    const rich = large.at(-1)!;
    own[poor] = left[poor];
    alias[poor] = rich;
    left[rich] -= 1 - left[poor];
    if (left[rich] < 1) small.push(large.pop()!);
  }
  return { own, alias };
}
