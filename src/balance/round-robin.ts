/**
 * Smooth weighted round robin, exact for the process: all threads walk the same sequence by one shared counter, where
 * proxies with a counter per worker send bursts to the first endpoints.
 */
import { ClusterCell } from "../model/cells.js";
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import { firstOpen, isOpen, type Picker, type PickerSetup } from "./picker.js";

/** Turns taken in search of an open node before looking through all of them. */
const MAX_TURNS = 8;

export class RoundRobin<N extends Node> implements Picker<N> {
  readonly #nodes: readonly N[];
  readonly #sequence: Uint16Array;
  readonly #cells: Int32Array;
  readonly #cursor: number;

  constructor(nodes: readonly N[], sequence: Uint16Array, setup: PickerSetup) {
    this.#nodes = nodes;
    this.#sequence = sequence;
    this.#cells = setup.cells;
    this.#cursor = setup.cluster + ClusterCell.CURSOR;
  }

  pick(query: Query): N | undefined {
    const sequence = this.#sequence;
    const turns = Math.min(MAX_TURNS, sequence.length);
    let at = 0;
    // A node that is passed over costs its turn: were the next one taken without a turn, it would get a double share.
    for (let i = 0; i < turns; i++) {
      at = (Atomics.add(this.#cells, this.#cursor, 1) >>> 0) % sequence.length;
      const node = this.#nodes[sequence[at]];
      if (isOpen(node, this.#cells, query)) return node;
    }
    return firstOpen(this.#nodes, sequence[at], this.#cells, query);
  }
}
