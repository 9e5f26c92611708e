/**
 * The node where a request would wait least, of all nodes: for sets small enough to ask everybody (above, create-picker
 * takes two choices). The search starts where weighted round robin stands, so that equal nodes take turns.
 */
import { ClusterCell } from "../model/cells.js";
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import { latencyScore } from "./latency-score.js";
import { firstOpen, isOpen, type Picker, type PickerSetup } from "./picker.js";

export class LeastTime<N extends Node> implements Picker<N> {
  readonly #nodes: readonly N[];
  readonly #sequence: Uint16Array;
  readonly #cells: Int32Array;
  readonly #cursor: number;
  readonly #decayMs: number;

  constructor(nodes: readonly N[], sequence: Uint16Array, decayMs: number, setup: PickerSetup) {
    this.#nodes = nodes;
    this.#sequence = sequence;
    this.#cells = setup.cells;
    this.#cursor = setup.cluster + ClusterCell.CURSOR;
    this.#decayMs = decayMs;
  }

  pick(query: Query): N | undefined {
    const nodes = this.#nodes;
    const turn = Atomics.add(this.#cells, this.#cursor, 1) >>> 0;
    const start = this.#sequence[turn % this.#sequence.length];
    let best: N | undefined;
    let bestScore = Number.POSITIVE_INFINITY;
    let index = start;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[index];
      if (++index === nodes.length) index = 0;
      if (!isOpen(node, this.#cells, query)) continue;
      const score = latencyScore(node, this.#cells, query.now, this.#decayMs);
      if (score >= bestScore) continue;
      best = node;
      bestScore = score;
    }
    return best ?? firstOpen(nodes, start, this.#cells, query);
  }
}
