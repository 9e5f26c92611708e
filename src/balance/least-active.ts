/**
 * The node with the least in flight per weight: requests for HTTP, connections for TCP, those still connecting included,
 * and over all threads. (Counting an HTTP endpoint's connections would say little: most of them are idle in a pool.)
 * The search starts where weighted round robin stands, so that idle clusters rotate instead of always using the first.
 */
import { ClusterCell } from "../model/cells.js";
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import { firstOpen, isOpen, type Picker, type PickerSetup } from "./picker.js";

/** Up to this many nodes all are asked; above, two choices do nearly as well for less. */
export const SCAN_LIMIT = 32;

export class LeastActive<N extends Node> implements Picker<N> {
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
    const nodes = this.#nodes;
    const turn = Atomics.add(this.#cells, this.#cursor, 1) >>> 0;
    const start = this.#sequence[turn % this.#sequence.length];
    let best: N | undefined;
    let bestActive = 0;
    let index = start;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[index];
      if (++index === nodes.length) index = 0;
      if (!isOpen(node, this.#cells, query)) continue;
      const active = this.#cells[node.at];
      if (best !== undefined && active * best.weight >= bestActive * node.weight) continue;
      if (active === 0) return node;
      best = node;
      bestActive = active;
    }
    return best ?? firstOpen(nodes, start, this.#cells, query);
  }
}
