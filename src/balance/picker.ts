/**
 * What every balancing policy is: built from the eligible nodes of one cluster, replaced when that set changes, asked
 * once per try. Pickers never ask about health; they pass over nodes that are full or were tried before.
 */
import type { Random } from "../base/random.js";
import { hasRoom, type Node } from "../model/node.js";
import type { Query } from "../model/query.js";

export interface Picker<N extends Node> {
  /** The node for this try; one already tried only if no other has room; undefined when all are full. */
  pick(query: Query): N | undefined;
}

/** What pickers share with the other threads, and their chance. */
export interface PickerSetup {
  /** The shared figures (model/cells.ts). Read plainly: a count that is a moment old is as good as a new one. */
  readonly cells: Int32Array;
  /** Index in `cells` of the first of the cluster's slot. */
  readonly cluster: number;
  readonly random: Random;
}

/** Has room and was not tried: the usual test of a candidate. */
export function isOpen(node: Node, cells: Int32Array, query: Query): boolean {
  return hasRoom(node, cells, query) && (query.tries === 0 || !query.hasTried(node.slot));
}

/** What is left when a policy's own candidates were not open: the next open node from `start` on, else one with room. */
export function firstOpen<N extends Node>(
  nodes: readonly N[],
  start: number,
  cells: Int32Array,
  query: Query,
): N | undefined {
  let tried: N | undefined;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[(start + i) % nodes.length];
    if (!hasRoom(node, cells, query)) continue;
    if (!query.hasTried(node.slot)) return node;
    tried ??= node;
  }
  return tried;
}
