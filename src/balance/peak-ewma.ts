/**
 * Power of two choices by peak EWMA (Finagle, linkerd): of two nodes drawn by weight the one where a request would wait
 * less. A node that became slow, fails or asks for a pause loses its traffic within a response, and is tried again as what
 * is known of it fades.
 */
import type { Random } from "../base/random.js";
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import { latencyScore } from "./latency-score.js";
import { firstOpen, isOpen, type Picker, type PickerSetup } from "./picker.js";
import { type AliasTable, Sampler } from "./sampler.js";

export class PeakEwma<N extends Node> implements Picker<N> {
  readonly #nodes: readonly N[];
  readonly #sampler: Sampler;
  readonly #cells: Int32Array;
  readonly #random: Random;
  readonly #decayMs: number;

  constructor(nodes: readonly N[], table: AliasTable, decayMs: number, setup: PickerSetup) {
    this.#nodes = nodes;
    this.#sampler = new Sampler(table);
    this.#cells = setup.cells;
    this.#random = setup.random;
    this.#decayMs = decayMs;
  }

  pick(query: Query): N | undefined {
    const cells = this.#cells;
    const first = this.#sampler.draw(this.#random);
    const a = this.#nodes[first];
    const b = this.#nodes[this.#sampler.drawOther(first, this.#random)];
    const aOpen = isOpen(a, cells, query);
    const bOpen = isOpen(b, cells, query);
    if (aOpen && bOpen) {
      const decay = this.#decayMs;
      return latencyScore(a, cells, query.now, decay) <= latencyScore(b, cells, query.now, decay) ? a : b;
    }
    if (aOpen) return a;
    if (bOpen) return b;
    return firstOpen(this.#nodes, this.#random.below(this.#nodes.length), cells, query);
  }
}
