/** The table from a balancing policy's name to its picker. */
import type { Node } from "../model/node.js";
import type { BalanceName } from "../model/spec.js";
import { LeastActive, SCAN_LIMIT } from "./least-active.js";
import { TwoChoices } from "./p2c.js";
import type { Picker, PickerSetup } from "./picker.js";
import { RandomPicker } from "./random.js";
import { RoundRobin } from "./round-robin.js";
import { SourceAddress } from "./source-address.js";

/** @param nodes at least one, each with a positive weight, in the same order in all threads */
export function createPicker<N extends Node>(name: BalanceName, nodes: readonly N[], setup: PickerSetup): Picker<N> {
  switch (name) {
    case "round-robin":
      return new RoundRobin(nodes, setup);
    case "random":
      return new RandomPicker(nodes, setup);
    case "least-request":
    case "least-connections":
      return nodes.length <= SCAN_LIMIT ? new LeastActive(nodes, setup) : new TwoChoices(nodes, setup);
    case "p2c":
      return new TwoChoices(nodes, setup);
    case "source-address":
      return new SourceAddress(nodes, setup);
  }
}
