/**
 * Power of two choices (Mitzenmacher 1996): two nodes drawn by weight, the one with less load per weight wins. Nearly as
 * even as asking all nodes, at constant cost, and threads with slightly old counts do not all run to the same node.
 */
import type { Random } from "../base/random.js";
import { isUnlimited, type Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import { firstOpen, isOpen, type Picker, type PickerSetup } from "./picker.js";
import { type AliasTable, Sampler } from "./sampler.js";

export class TwoChoices<N extends Node> implements Picker<N> {
  readonly #nodes: readonly N[];
  readonly #sampler: Sampler;
  readonly #cells: Int32Array;
  readonly #random: Random;
  /** Of the nodes, side by side: among thousands each object that is looked at costs a cache miss. */
  readonly #at: Int32Array;
  readonly #weights: Float64Array;
  /** No node has a limit: all are open to a request that was not tried before. */
  readonly #isUnlimited: boolean;

  constructor(nodes: readonly N[], table: AliasTable, setup: PickerSetup) {
    this.#nodes = nodes;
    this.#sampler = new Sampler(table);
    this.#cells = setup.cells;
    this.#random = setup.random;
    this.#at = Int32Array.from(nodes, (node) => node.at);
    this.#weights = Float64Array.from(nodes, (node) => node.weight);
    this.#isUnlimited = nodes.every(isUnlimited);
  }

  pick(query: Query): N | undefined {
    const cells = this.#cells;
    const first = this.#sampler.draw(this.#random);
    const second = this.#sampler.drawOther(first, this.#random);
    // Drawing by weight and comparing load per weight: shares follow weights when idle as well as under load.
    const isFirst = cells[this.#at[first]] * this.#weights[second] <= cells[this.#at[second]] * this.#weights[first];
    const better = this.#nodes[isFirst ? first : second];
    if ((this.#isUnlimited && query.tries === 0) || isOpen(better, cells, query)) return better;
    const other = this.#nodes[isFirst ? second : first];
    if (isOpen(other, cells, query)) return other;
    return firstOpen(this.#nodes, this.#random.below(this.#nodes.length), cells, query);
  }
}
