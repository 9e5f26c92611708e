/** The table from a balancing policy's name to its picker. */
import type { Node } from "../model/node.js";
import type { BalanceSpec } from "../model/spec.js";
import { LeastActive } from "./least-active.js";
import { LoadBound } from "./load-bound.js";
import { TwoChoices } from "./p2c.js";
import type { Picker, PickerSetup } from "./picker.js";
import { RandomPicker } from "./random.js";
import { RingHash } from "./ring-hash.js";
import { RoundRobin } from "./round-robin.js";
import type { PickerTables } from "./tables.js";

/**
 * Cheap: at most a few steps per node.
 * @param nodes at least one, each with a positive weight, in the same order in all threads
 * @param tables from `buildTables` with the same spec and these nodes as its members
 */
export function createPicker<N extends Node>(
  spec: BalanceSpec,
  nodes: readonly N[],
  tables: PickerTables,
  setup: PickerSetup,
): Picker<N> {
  switch (tables.kind) {
    case "sequence":
      return spec.policy === "round-robin"
        ? new RoundRobin(nodes, tables.sequence, setup)
        : new LeastActive(nodes, tables.sequence, setup);
    case "alias":
      return spec.policy === "random" ? new RandomPicker(nodes, tables, setup) : new TwoChoices(nodes, tables, setup);
    case "ring":
      return new RingHash(nodes, tables, new LoadBound(nodes, spec.boundedLoad, setup));
  }
}
