/** Which key a request is about, and its hash as policies see it. */
import { mix32 } from "../base/hash.js";
import type { KeySpec } from "../model/scenario.js";

/** From a uniform share in (0, 1) to a key's hash. */
export type DrawKey = (share: number) => number;

export function createKeys(spec: KeySpec): DrawKey {
  if (spec.kind === "uniform") return (share) => mix32(Math.floor(share * spec.count));
  const bounds = zipfBounds(spec.count, spec.exponent);
  return (share) => mix32(find(bounds, share));
}

/** The cumulative share up to and including each rank. */
function zipfBounds(count: number, exponent: number): Float64Array {
  const bounds = new Float64Array(count);
  let total = 0;
  for (let rank = 0; rank < count; rank++) {
    total += (rank + 1) ** -exponent;
    bounds[rank] = total;
  }
  for (let rank = 0; rank < count; rank++) bounds[rank] /= total;
  return bounds;
}

/** The first rank whose bound is above `share`. */
function find(bounds: Float64Array, share: number): number {
  let low = 0;
  let high = bounds.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[middle] > share) high = middle;
    else low = middle + 1;
  }
  return low;
}
