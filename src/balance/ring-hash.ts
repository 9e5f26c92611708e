/**
 * The same key goes to the same node as long as that node is there, by a ring of points. When a node goes, only its keys
 * move, spread over the others; when it comes back, they return.
 */
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import type { LoadBound } from "./load-bound.js";
import type { Picker } from "./picker.js";
import { firstPoint, type RingTable } from "./ring.js";

/** Points looked at in search of a node that may take it before looking through all of them. */
const MAX_STEPS = 32;

export class RingHash<N extends Node> implements Picker<N> {
  readonly #nodes: readonly N[];
  readonly #ring: RingTable;
  readonly #bound: LoadBound<N>;

  constructor(nodes: readonly N[], ring: RingTable, bound: LoadBound<N>) {
    this.#nodes = nodes;
    this.#ring = ring;
    this.#bound = bound;
  }

  pick(query: Query): N | undefined {
    const owners = this.#ring.owners;
    let at = firstPoint(this.#ring, query.hash);
    const steps = Math.min(MAX_STEPS, owners.length);
    for (let i = 0; i < steps; i++) {
      const node = this.#nodes[owners[at]];
      if (this.#bound.admits(node, query)) return this.#bound.take(node, query);
      if (++at === owners.length) at = 0;
    }
    return this.#bound.first(owners[at], query);
  }
}
