/** Nodes and shared figures for tests of pickers: slot n of endpoints, then the slot of the cluster. */
import { createPicker } from "../balance/create-picker.js";
import type { Picker, PickerSetup } from "../balance/picker.js";
import { buildTables, type PickerTables } from "../balance/tables.js";
import { createRandom } from "../base/random.js";
import { SLOT_CELLS } from "../model/cells.js";
import type { Node, NodeLimits } from "../model/node.js";
import type { BalanceSpec } from "../model/spec.js";

export function createNodes(weights: readonly number[], maxActive = 0, limits?: NodeLimits): Node[] {
  return weights.map((weight, slot) => ({
    id: `10.0.0.${slot}:80`,
    slot,
    at: slot * SLOT_CELLS,
    weight,
    maxActive,
    limits,
    idle: 0,
  }));
}

export function createSetup(nodes: readonly Node[], seed: number): PickerSetup {
  const cells = new Int32Array(new SharedArrayBuffer((nodes.length + 1) * SLOT_CELLS * 4));
  return { cells, cluster: nodes.length * SLOT_CELLS, random: createRandom(seed) };
}

/**
 * The picker of `spec` for these nodes.
 * @param all what is configured, if more than what is eligible
 * @param send how the tables come from the thread that builds them
 */
export function createPickerFor<N extends Node>(
  spec: BalanceSpec,
  nodes: readonly N[],
  setup: PickerSetup,
  all: readonly Node[] = nodes,
  send: (tables: PickerTables) => PickerTables = (tables) => tables,
): Picker<N> {
  const totalWeight = all.reduce((sum, node) => sum + node.weight, 0);
  return createPicker(spec, nodes, send(buildTables(spec, nodes, totalWeight)), setup);
}
