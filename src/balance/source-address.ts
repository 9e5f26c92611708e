/**
 * The same client address goes to the same node as long as that node is there: consistent hashing (Karger et al. 1997) on
 * a ring of points per node. When a node goes, only its clients move, spread over the others; when it comes back, they return.
 */
import { hashText, mix32 } from "../base/hash.js";
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import { firstOpen, isOpen, type Picker, type PickerSetup } from "./picker.js";

/** Points per unit of weight: the standard deviation of a node's share is then about 1/sqrt(128), 9 percent of it. */
const POINTS_PER_WEIGHT = 128;
/** Most points on a ring; above, every node gets proportionally fewer. Depends on all configured nodes, see below. */
const MAX_POINTS = 65_536;
/** Points looked at in search of an open node before looking through all of them. */
const MAX_STEPS = 32;
/** Above any node index: a point is `hash * INDEX_SPAN + index`, exact in a double, so that a native sort suffices. */
const INDEX_SPAN = 0x1_0000;

export class SourceAddress<N extends Node> implements Picker<N> {
  readonly #nodes: readonly N[];
  /** Points in ascending order, and the index of each one's node. */
  readonly #hashes: Uint32Array;
  readonly #owners: Uint16Array;
  readonly #cells: Int32Array;

  constructor(nodes: readonly N[], setup: PickerSetup) {
    this.#nodes = nodes;
    this.#cells = setup.cells;
    const points = ringPoints(nodes, setup.totalWeight);
    this.#hashes = new Uint32Array(points.length);
    this.#owners = new Uint16Array(points.length);
    // A plain loop: `from` with a function takes ten times as long, and a worker that rebuilds serves nobody meanwhile.
    for (let i = 0; i < points.length; i++) {
      const hash = Math.floor(points[i] / INDEX_SPAN);
      this.#hashes[i] = hash;
      this.#owners[i] = points[i] - hash * INDEX_SPAN;
    }
  }

  pick(query: Query): N | undefined {
    const size = this.#hashes.length;
    let at = this.#firstFrom(query.sourceHash);
    const steps = Math.min(MAX_STEPS, size);
    for (let i = 0; i < steps; i++) {
      const node = this.#nodes[this.#owners[at]];
      if (isOpen(node, this.#cells, query)) return node;
      if (++at === size) at = 0;
    }
    return firstOpen(this.#nodes, this.#owners[at], this.#cells, query);
  }

  /** Index of the first point at or after `hash`, going round. */
  #firstFrom(hash: number): number {
    const hashes = this.#hashes;
    let low = 0;
    let high = hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (hashes[middle] < hash) low = middle + 1;
      else high = middle;
    }
    return low === hashes.length ? 0 : low;
  }
}

/** How many points a node has depends on nothing that changes with another node's health: else clients of all would move. */
function ringPoints(nodes: readonly Node[], totalWeight: number): Float64Array {
  const perWeight = Math.min(POINTS_PER_WEIGHT, MAX_POINTS / totalWeight);
  const counts = nodes.map((node) => Math.max(1, Math.round(node.weight * perWeight)));
  const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  let filled = 0;
  nodes.forEach((node, index) => {
    const seed = hashText(node.id);
    for (let i = 0; i < counts[index]; i++) points[filled++] = mix32(seed ^ mix32(i)) * INDEX_SPAN + index;
  });
  return points.sort();
}
