/**
 * Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016): a node takes more only while it has less
 * than a factor above its share of what the whole cluster has in flight; what is too much goes where the hash leads next.
 * One popular key cannot drown its node, and keys move only as far as load forces them to.
 */
import { ClusterCell } from "../model/cells.js";
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import { firstOpen, isOpen, type PickerSetup } from "./picker.js";

export class LoadBound<N extends Node> {
  readonly #nodes: readonly N[];
  readonly #cells: Int32Array;
  readonly #active: number;
  readonly #factor: number;
  readonly #total: number;

  /** @param factor above 1; 0 = no bound */
  constructor(nodes: readonly N[], factor: number, setup: PickerSetup) {
    this.#nodes = nodes;
    this.#cells = setup.cells;
    this.#active = setup.cluster + ClusterCell.ACTIVE;
    let total = 0;
    for (const node of nodes) total += node.weight;
    this.#factor = factor;
    this.#total = total;
  }

  /** Open, and with the one more still within its bound. */
  admits(node: N, query: Query): boolean {
    if (!isOpen(node, this.#cells, query)) return false;
    // The bounds of all nodes add up to more than what is in flight: there is always one that is below its own.
    return this.#factor === 0 || this.#cells[node.at] < this.#of(node);
  }

  /** Chooses a node that was admitted. Another thread may choose the same one now: who counts first gets the last place. */
  take(node: N, query: Query): N {
    if (this.#factor !== 0) query.atMost = this.#of(node);
    return node;
  }

  /** The next admitted node from `start` on; without one, the next open one. */
  first(start: number, query: Query): N | undefined {
    const nodes = this.#nodes;
    if (this.#factor !== 0) {
      for (let i = 0; i < nodes.length; i++) {
        const node = nodes[(start + i) % nodes.length];
        if (this.admits(node, query)) return this.take(node, query);
      }
    }
    return firstOpen(nodes, start, this.#cells, query);
  }

  #of(node: N): number {
    return Math.ceil((this.#factor * (this.#cells[this.#active] + 1) * node.weight) / this.#total);
  }
}
