/**
 * A ring of points for consistent hashing (Karger et al. 1997; libketama made it popular): each member owns as many points
 * as its weight says, and what is hashed belongs to the next point. A member that goes leaves its arcs to the neighbours.
 */
import { hashText, mix32 } from "../base/hash.js";
import type { Member } from "./tables.js";

/** Points per unit of weight: the standard deviation of a node's share is then about 1/sqrt(128), 9 percent of it. */
const POINTS_PER_WEIGHT = 128;
/** Most points on a ring; above, every node gets proportionally fewer. Depends on all configured nodes, see below. */
const MAX_POINTS = 131_072;
/** Above any node index: a point is `hash * INDEX_SPAN + index`, exact in a double, so that a native sort suffices. */
const INDEX_SPAN = 0x1_0000;

export interface RingTable {
  /** Points in ascending order, and the index of each one's owner. */
  readonly hashes: Uint32Array;
  readonly owners: Uint16Array;
  /** The ring cut into 2^(32 - shift) equal sections, about as many as points: the first point in or after each. */
  readonly sections: Uint32Array;
  readonly shift: number;
}

/** @param totalWeight of all that could be on the ring */
export function buildRing(members: readonly Member[], totalWeight: number): RingTable {
  const points = ringPoints(members, totalWeight);
  const hashes = new Uint32Array(points.length);
  const owners = new Uint16Array(points.length);
  // A plain loop: `from` with a function takes ten times as long.
  for (let i = 0; i < points.length; i++) {
    const hash = Math.floor(points[i] / INDEX_SPAN);
    hashes[i] = hash;
    owners[i] = points[i] - hash * INDEX_SPAN;
  }
  const shift = Math.min(31, Math.clz32(points.length));
  return { hashes, owners, sections: indexSections(hashes, shift), shift };
}

/** Index of the first point at or after `hash`, going round: from its section's first point only a step or two. */
export function firstPoint({ hashes, sections, shift }: RingTable, hash: number): number {
  let at = sections[hash >>> shift];
  while (at < hashes.length && hashes[at] < hash) at++;
  return at === hashes.length ? 0 : at;
}

function indexSections(hashes: Uint32Array, shift: number): Uint32Array {
  const sections = new Uint32Array(2 ** (32 - shift));
  let at = 0;
  for (let section = 0; section < sections.length; section++) {
    while (at < hashes.length && hashes[at] >>> shift < section) at++;
    sections[section] = at;
  }
  return sections;
}

/** How many points a node has depends on nothing that changes with another node's health: else clients of all would move. */
function ringPoints(members: readonly Member[], totalWeight: number): Float64Array {
  const perWeight = Math.min(POINTS_PER_WEIGHT, MAX_POINTS / totalWeight);
  const counts = members.map((member) => Math.max(1, Math.round(member.weight * perWeight)));
  const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  let filled = 0;
  members.forEach((member, index) => {
    const seed = hashText(member.id);
    for (let i = 0; i < counts[index]; i++) points[filled++] = mix32(seed ^ mix32(i)) * INDEX_SPAN + index;
  });
  return points.sort();
}
