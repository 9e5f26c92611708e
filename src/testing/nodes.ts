/** Nodes and shared figures for tests of pickers: slot n is cells 16 n and up, the rotation counter comes last. */

import type { PickerSetup } from "../balance/picker.js";
import { createRandom } from "../base/random.js";
import { SLOT_CELLS } from "../model/cells.js";
import type { Node } from "../model/node.js";

export function createNodes(weights: readonly number[], maxActive = 0): Node[] {
  return weights.map((weight, slot) => ({ id: `10.0.0.${slot}:80`, slot, at: slot * SLOT_CELLS, weight, maxActive }));
}

export function createSetup(nodes: readonly Node[], seed: number): PickerSetup {
  const cells = new Int32Array(new SharedArrayBuffer((nodes.length + 1) * SLOT_CELLS * 4));
  const totalWeight = nodes.reduce((sum, node) => sum + node.weight, 0);
  return { cells, cursor: nodes.length * SLOT_CELLS, random: createRandom(seed), totalWeight };
}
