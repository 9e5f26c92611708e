/** The table from a balancing policy's name to its picker. */
import type { Node } from "../model/node.js";
import type { BalanceName } from "../model/spec.js";
import type { Picker, PickerSetup } from "./picker.js";
import { RoundRobin } from "./round-robin.js";

/** @param nodes at least one */
export function createPicker<N extends Node>(name: BalanceName, nodes: readonly N[], setup: PickerSetup): Picker<N> {
  switch (name) {
    default:
      return new RoundRobin(nodes, setup);
  }
}
