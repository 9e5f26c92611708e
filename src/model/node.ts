/** An endpoint as pickers see it: where its figures are, and what share it should get. Nothing about health. */
export interface Node {
  /** Identity; hashing pickers place the node by it. */
  readonly id: string;
  /** Number of its slot: unique over all clusters. */
  readonly slot: number;
  /** Index of the slot's first cell in the shared `Int32Array` (model/cells.ts). */
  readonly at: number;
  /** Positive; a fraction where zones, subsets or slow start give it a part of its weight. */
  readonly weight: number;
  /** Most that may be in flight at once; 0 = unlimited. */
  readonly maxActive: number;
}

/** True if the node may take one more. Others may take the last place first: only the cluster's acquire decides. */
export function hasRoom(node: Node, cells: Int32Array): boolean {
  return node.maxActive === 0 || cells[node.at] < node.maxActive;
}
