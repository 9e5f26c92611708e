/**
 * Power of two choices (Mitzenmacher 1996): two nodes drawn by weight, the one with less load per weight wins. Nearly as
 * even as asking all nodes, at constant cost, and threads with slightly old counts do not all run to the same node.
 */
import type { Random } from "../base/random.js";
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import { firstOpen, isOpen, type Picker, type PickerSetup } from "./picker.js";
import { type AliasTable, Sampler } from "./sampler.js";

export class TwoChoices<N extends Node> implements Picker<N> {
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
    const cells = this.#cells;
    const first = this.#sampler.draw(this.#random);
    const a = this.#nodes[first];
    const b = this.#nodes[this.#sampler.drawOther(first, this.#random)];
    const aOpen = isOpen(a, cells, query);
    const bOpen = isOpen(b, cells, query);
    // Drawing by weight and comparing load per weight: shares follow weights when idle as well as under load.
    if (aOpen && bOpen) return cells[a.at] * b.weight <= cells[b.at] * a.weight ? a : b;
    if (aOpen) return a;
    if (bOpen) return b;
    return firstOpen(this.#nodes, this.#random.below(this.#nodes.length), cells, query);
  }
}
