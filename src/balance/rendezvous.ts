/**
 * Rendezvous or highest random weight hashing (Thaler and Ravishankar 1998; weights by Schindelhauer and Schomaker 2005):
 * each node draws a number for the key, and the best one has it. Exact shares, nothing moves but what must, no table;
 * in return a pick asks every node, so it is for up to some hundred.
 */
import { hashText, mix32 } from "../base/hash.js";
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import type { LoadBound } from "./load-bound.js";
import type { Picker } from "./picker.js";
import type { Member } from "./tables.js";

export class Rendezvous<N extends Node> implements Picker<N> {
  readonly #nodes: readonly N[];
  readonly #seeds: Uint32Array;
  readonly #bound: LoadBound<N>;
  /** Nodes of equal weight: the drawn numbers themselves can be compared, without a logarithm. */
  readonly #isEven: boolean;

  constructor(nodes: readonly N[], seeds: Uint32Array, bound: LoadBound<N>) {
    this.#nodes = nodes;
    this.#seeds = seeds;
    this.#bound = bound;
    this.#isEven = nodes.every((node) => node.weight === nodes[0].weight);
  }

  pick(query: Query): N | undefined {
    const nodes = this.#nodes;
    let best: N | undefined;
    let bestCost = Number.POSITIVE_INFINITY;
    for (let i = 0; i < nodes.length; i++) {
      const draw = mix32(this.#seeds[i] ^ query.hash);
      // An exponential variable with the weight as its rate: the first to arrive wins in proportion to the weights. The
      // greatest draw arrives first, with and without weights: else keys would move when weights become equal.
      const cost = this.#isEven ? -draw : -Math.log((draw + 0.5) / 0x1_0000_0000) / nodes[i].weight;
      if (cost >= bestCost || !this.#bound.admits(nodes[i], query)) continue;
      best = nodes[i];
      bestCost = cost;
    }
    if (best !== undefined) return this.#bound.take(best, query);
    return this.#bound.first(Math.floor((query.hash / 0x1_0000_0000) * nodes.length), query);
  }
}

export function buildSeeds(members: readonly Member[]): Uint32Array {
  return Uint32Array.from(members, (member) => hashText(member.id));
}
