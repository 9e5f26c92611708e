/**
 * The expensive part of each policy, as plain data: worked out once on the main thread when the set of eligible nodes
 * changes, posted to the workers, which only wrap it (create-picker.ts). Member i is the picker's node i.
 */
import type { BalanceSpec } from "../model/spec.js";
import { SCAN_LIMIT } from "./least-active.js";
import { buildMaglev } from "./maglev.js";
import { buildSeeds } from "./rendezvous.js";
import { buildRing, type RingTable } from "./ring.js";
import { type AliasTable, buildAlias } from "./sampler.js";
import { buildSequence } from "./sequence.js";

export interface Member {
  /** Identity; hashing policies place the node by it. */
  readonly id: string;
  /** Positive; may be a fraction. */
  readonly weight: number;
}

export type PickerTables =
  | { readonly kind: "sequence"; readonly sequence: Uint16Array }
  | ({ readonly kind: "alias" } & AliasTable)
  | ({ readonly kind: "ring" } & RingTable)
  | { readonly kind: "maglev"; readonly table: Uint16Array }
  | { readonly kind: "seeds"; readonly seeds: Uint32Array }
  | { readonly kind: "none" };

/**
 * @param members at least one, the eligible ones
 * @param totalWeight of all configured endpoints, eligible or not: what must not move when one fails depends on this
 */
export function buildTables(spec: BalanceSpec, members: readonly Member[], totalWeight: number): PickerTables {
  switch (spec.policy) {
    case "round-robin":
      return sequenceOf(members);
    case "least-request":
    case "least-connections":
    case "least-time":
      return members.length <= SCAN_LIMIT ? sequenceOf(members) : aliasOf(members);
    case "random":
    case "p2c":
    case "peak-ewma":
    case "prequal":
      return aliasOf(members);
    case "ring-hash":
    case "source-address":
      return { kind: "ring", ...buildRing(members, totalWeight) };
    case "maglev":
      return { kind: "maglev", table: buildMaglev(members, spec.tableSize) };
    case "rendezvous":
      return { kind: "seeds", seeds: buildSeeds(members) };
    case "first":
      return { kind: "none" };
  }
}

function sequenceOf(members: readonly Member[]): PickerTables {
  return { kind: "sequence", sequence: buildSequence(members.map((member) => member.weight)) };
}

function aliasOf(members: readonly Member[]): PickerTables {
  return { kind: "alias", ...buildAlias(members.map((member) => member.weight)) };
}
