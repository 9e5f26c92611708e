/**
 * Deterministic aperture (Finagle): each of many processes uses some of the endpoints only, so that connections do not
 * multiply, and together they use all endpoints alike. Endpoints lie on a ring, each with an arc as long as its weight;
 * a process uses the arc that begins at its own place, and of an endpoint that lies in it partly, a part of the weight.
 * Arcs are rounded up to whole laps of all processes together: every point of the ring then has equally many users.
 */
import { hashText } from "../base/hash.js";
import type { SubsetSpec } from "../model/spec.js";
import type { Member } from "./tables.js";

/** A part of an endpoint below this share is what rounding leaves, and no part. */
const LEAST_PART = 1e-6;

/**
 * The weights in force, 0 = not used; where all processes have the same members, in any order.
 * @param members weights not negative; all that are configured, since health would move everybody's arc
 */
export function subsetWeights(members: readonly Member[], { size, index, of }: SubsetSpec): Float64Array {
  const weights = Float64Array.from(members, (member) => member.weight);
  const count = members.filter((member) => member.weight > 0).length;
  // In units of 1/of: how many of all processes use each point.
  const laps = Math.ceil((size * of) / count);
  if (count === 0 || laps >= of) return weights;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const begin = (index / of) * total;
  const end = begin + (laps / of) * total;
  let at = 0;
  for (const i of ringOrder(members)) {
    const weight = weights[i];
    const next = at + weight;
    // The arc may go past the ring's end, and then on from its beginning.
    const part = overlap(at, next, begin, end) + overlap(at, next, begin - total, end - total);
    weights[i] = part < weight * LEAST_PART ? 0 : Math.min(part, weight);
    at = next;
  }
  return weights;
}

function overlap(from: number, to: number, begin: number, end: number): number {
  return Math.max(0, Math.min(to, end) - Math.max(from, begin));
}

/** By hash, so that neighbours on the ring have nothing else in common, such as a rack. */
function ringOrder(members: readonly Member[]): number[] {
  const hashes = members.map((member) => hashText(member.id));
  const order = [...members.keys()];
  return order.sort((a, b) => hashes[a] - hashes[b] || (members[a].id < members[b].id ? -1 : 1));
}
