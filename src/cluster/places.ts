/** Places that are taken and given back in shared counts, by whichever thread; what this one holds is noted beside. */

/**
 * Counts one more in `cells[at]` unless there are `limit` (0 = unlimited), by compare-and-swap: adding first could refuse
 * others who would have had room.
 */
export function takePlace(cells: Int32Array, at: number, held: Int32Array, heldAt: number, limit: number): boolean {
  if (limit === 0) Atomics.add(cells, at, 1);
  else {
    let count = Atomics.load(cells, at);
    for (;;) {
      if (count >= limit) return false;
      const seen = Atomics.compareExchange(cells, at, count, count + 1);
      if (seen === count) break;
      count = seen;
    }
  }
  held[heldAt]++;
  return true;
}

export function returnPlace(cells: Int32Array, at: number, held: Int32Array, heldAt: number): void {
  Atomics.sub(cells, at, 1);
  held[heldAt]--;
}
