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
  /** About as many sections as points (see `indexSections`). */
  readonly #sections: Uint32Array;
  readonly #shift: number;
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
    this.#shift = Math.min(31, Math.clz32(points.length));
    this.#sections = indexSections(this.#hashes, this.#shift);
  }

  pick(query: Query): N | undefined {
    const size = this.#hashes.length;
    let at = this.#firstFrom(query.hash);
    const steps = Math.min(MAX_STEPS, size);
    for (let i = 0; i < steps; i++) {
      const node = this.#nodes[this.#owners[at]];
      if (isOpen(node, this.#cells, query)) return node;
      if (++at === size) at = 0;
    }
    return firstOpen(this.#nodes, this.#owners[at], this.#cells, query);
  }

  /** Index of the first point at or after `hash`, going round: from its section's first point only a step or two. */
  #firstFrom(hash: number): number {
    const hashes = this.#hashes;
    let at = this.#sections[hash >>> this.#shift];
    while (at < hashes.length && hashes[at] < hash) at++;
    return at === hashes.length ? 0 : at;
  }
}

/** The ring cut into 2^(32 - shift) equal sections: the index of the first point in or after each. */
function indexSections(hashes: Uint32Array, shift: number): Uint32Array {
  const sections = new Uint32Array(2 ** (32 - shift));
  let at = 0;
  for (let section = 0; section < sections.length; section++) {
    while (at < hashes.length && hashes[at] >>> shift < section) at++;
    sections[section] = at;
  }
  return sections;
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
