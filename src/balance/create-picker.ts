/** The table from a balancing policy's name to its picker. */
import type { Node } from "../model/node.js";
import type { BalanceSpec } from "../model/spec.js";
import { First } from "./first.js";
import { LeastActive } from "./least-active.js";
import { LeastTime } from "./least-time.js";
import { LoadBound } from "./load-bound.js";
import { Maglev } from "./maglev.js";
import { TwoChoices } from "./p2c.js";
import { PeakEwma } from "./peak-ewma.js";
import type { Picker, PickerSetup } from "./picker.js";
import { Prequal } from "./prequal.js";
import { RandomPicker } from "./random.js";
import { Rendezvous } from "./rendezvous.js";
import { RingHash } from "./ring-hash.js";
import { RoundRobin } from "./round-robin.js";
import type { AliasTable } from "./sampler.js";
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
      return fromSequence(spec, nodes, tables.sequence, setup);
    case "alias":
      return fromAlias(spec, nodes, tables, setup);
    case "ring":
      return new RingHash(nodes, tables, new LoadBound(nodes, spec.boundedLoad, setup));
    case "maglev":
      return new Maglev(nodes, tables.table, new LoadBound(nodes, spec.boundedLoad, setup));
    case "seeds":
      return new Rendezvous(nodes, tables.seeds, new LoadBound(nodes, spec.boundedLoad, setup));
    case "none":
      return new First(nodes, setup);
  }
}

function fromSequence<N extends Node>(
  spec: BalanceSpec,
  nodes: readonly N[],
  sequence: Uint16Array,
  setup: PickerSetup,
): Picker<N> {
  if (spec.policy === "round-robin") return new RoundRobin(nodes, sequence, setup);
  if (spec.policy === "least-time") return new LeastTime(nodes, sequence, spec.decayMs, setup);
  return new LeastActive(nodes, sequence, setup);
}

function fromAlias<N extends Node>(
  spec: BalanceSpec,
  nodes: readonly N[],
  table: AliasTable,
  setup: PickerSetup,
): Picker<N> {
  switch (spec.policy) {
    case "random":
      return new RandomPicker(nodes, table, setup);
    case "peak-ewma":
    case "least-time":
      return new PeakEwma(nodes, table, spec.decayMs, setup);
    case "prequal":
      return new Prequal(nodes, table, spec.prequal, setup);
    default:
      return new TwoChoices(nodes, table, setup);
  }
}
