/** Weighted random choice: needs no counter, so threads never meet. Shares follow weights only on average. */
import type { Random } from "../base/random.js";
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import { firstOpen, isOpen, type Picker, type PickerSetup } from "./picker.js";
import { type AliasTable, Sampler } from "./sampler.js";

/** Draws in search of an open node before looking through all of them. */
const MAX_DRAWS = 4;

export class RandomPicker<N extends Node> implements Picker<N> {
  readonly #nodes: readonly N[];
  readonly #sampler: Sampler;
  readonly #cells: Int32Array;
  readonly #random: Random;

  constructor(nodes: readonly N[], table: AliasTable, setup: PickerSetup) {
    this.#nodes = nodes;
    this.#sampler = new Sampler(table);
    this.#cells = setup.cells;
    this.#random = setup.random;
  }

  pick(query: Query): N | undefined {
    for (let i = 0; i < MAX_DRAWS; i++) {
      const node = this.#nodes[this.#sampler.draw(this.#random)];
      if (isOpen(node, this.#cells, query)) return node;
    }
    return firstOpen(this.#nodes, this.#random.below(this.#nodes.length), this.#cells, query);
  }
}
