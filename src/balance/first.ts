/**
 * The first endpoint in the declared order that is not full (HAProxy's `first`): work is packed onto as few as can take it,
 * so that the others can be stopped or lent. Only sensible with limits: without one the first gets everything.
 */
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import { firstOpen, type Picker, type PickerSetup } from "./picker.js";

export class First<N extends Node> implements Picker<N> {
  readonly #nodes: readonly N[];
  readonly #cells: Int32Array;

  constructor(nodes: readonly N[], setup: PickerSetup) {
    this.#nodes = nodes;
    this.#cells = setup.cells;
  }

  pick(query: Query): N | undefined {
    return firstOpen(this.#nodes, 0, this.#cells, query);
  }
}
