/**
 * Maglev hashing (Eisenbud et al., NSDI 2016): a table with a prime number of entries in which each member has as many as
 * its weight says, to within one, and of which few change when a member comes or goes. A lookup is one access, and the
 * shares are more even than a ring's; in return a removal also moves up to a few percent of what could have stayed.
 */
import { hashText, mix32 } from "../base/hash.js";
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import type { LoadBound } from "./load-bound.js";
import type { Picker } from "./picker.js";
import type { Member } from "./tables.js";

/** Entries looked at in search of a node that may take it before looking through all of them. */
const MAX_PROBES = 32;
/** The golden ratio: successive multiples of it are far apart. */
const PROBE_STEP = 0x9e3779b9;
const EMPTY = 0xffff;

export class Maglev<N extends Node> implements Picker<N> {
  readonly #nodes: readonly N[];
  readonly #table: Uint16Array;
  readonly #bound: LoadBound<N>;

  constructor(nodes: readonly N[], table: Uint16Array, bound: LoadBound<N>) {
    this.#nodes = nodes;
    this.#table = table;
    this.#bound = bound;
  }

  pick(query: Query): N | undefined {
    const table = this.#table;
    const first = table[entryOf(query.hash, table.length)];
    if (this.#bound.admits(this.#nodes[first], query)) return this.#bound.take(this.#nodes[first], query);
    // The neighbouring entries would do, but each key jumping its own way spreads what one node cannot take over all.
    for (let i = 1; i < MAX_PROBES; i++) {
      const node = this.#nodes[table[entryOf(mix32(query.hash + Math.imul(i, PROBE_STEP)), table.length)]];
      if (this.#bound.admits(node, query)) return this.#bound.take(node, query);
    }
    return this.#bound.first(first, query);
  }
}

/** Of a hash that is uniform over 32 bits. Scaled rather than reduced by division, which costs five times as much. */
function entryOf(hash: number, size: number): number {
  return Math.floor((hash / 0x1_0000_0000) * size);
}

/**
 * For each entry the index of its member. Does not depend on the order of the members.
 * @param members up to 65535; those beyond `size` have no entry
 * @param size a prime number
 */
export function buildMaglev(members: readonly Member[], size: number): Uint16Array {
  const order = fixedOrder(members);
  const heaviest = members.reduce((most, member) => Math.max(most, member.weight), 0);
  const steps = new Uint32Array(order.length);
  const at = new Uint32Array(order.length);
  const weights = new Float64Array(order.length);
  order.forEach((index, i) => {
    const hash = hashText(members[index].id);
    at[i] = entryOf(hash, size);
    steps[i] = 1 + entryOf(mix32(hash ^ PROBE_STEP), size - 1);
    weights[i] = members[index].weight / heaviest;
  });
  const table = new Uint16Array(size).fill(EMPTY);
  /** Turns that were due before the next one; with the greatest weight there is one in each round. */
  const taken = new Float64Array(order.length);
  let left = size;
  for (let round = 1; ; round++) {
    for (let i = 0; i < order.length; i++) {
      if (round * weights[i] < taken[i]) continue;
      taken[i]++;
      let entry = at[i];
      while (table[entry] !== EMPTY) if ((entry += steps[i]) >= size) entry -= size;
      table[entry] = order[i];
      at[i] = entry;
      if (--left === 0) return table;
    }
  }
}

/** By hash: any order would do that everybody finds alike. */
function fixedOrder(members: readonly Member[]): Uint16Array {
  const hashes = members.map((member) => hashText(member.id));
  const order = Uint16Array.from(members.keys());
  return order.sort((a, b) => hashes[a] - hashes[b] || (members[a].id < members[b].id ? -1 : 1));
}
