/**
 * Log-linear histograms (as in HdrHistogram) of milliseconds inside somebody else's Float64Array: four buckets per power
 * of two, so a value is known to 25 % at worst, from 50 µs to 105 s. Below that the buckets are linear, 12.5 µs wide.
 * Histograms of one shape merge by adding; recording is some arithmetic and two stores, and allocates nothing.
 */

/** Units of 12.5 µs per millisecond: makes 62.5 µs * 2^k, so also 1 ms, 2 ms, 4 ms ..., exact bucket bounds. */
const UNITS_PER_MS = 80;
/** 2^23 units: everything from here on is in the last bucket. */
const OVERFLOW_MS = 0x80_0000 / UNITS_PER_MS;

/** Buckets, the overflow bucket (the last) included. */
export const HISTOGRAM_BUCKETS = 89;
/** Where the sum of all recorded milliseconds is, from the histogram's base. */
const SUM = HISTOGRAM_BUCKETS;
/** Elements that one histogram takes: its buckets, then its sum. */
export const HISTOGRAM_SIZE = HISTOGRAM_BUCKETS + 1;

/** The bucket of a value, 0 to HISTOGRAM_BUCKETS - 1. Negative and NaN count as 0, Infinity as overflow. */
export function histogramIndex(valueMs: number): number {
  if (valueMs >= OVERFLOW_MS) return HISTOGRAM_BUCKETS - 1;
  const units = (valueMs * UNITS_PER_MS) | 0;
  if (units < 4) return Math.max(units, 0);
  const exponent = 31 - Math.clz32(units);
  return ((exponent - 1) << 2) + ((units >>> (exponent - 2)) & 3);
}

/** The exclusive upper bound of a bucket in milliseconds; Infinity for the last. Bucket i begins where i - 1 ends. */
export function histogramBound(index: number): number {
  if (index >= HISTOGRAM_BUCKETS - 1) return Infinity;
  const next = index + 1;
  if (next < 4) return next / UNITS_PER_MS;
  return ((4 + (next & 3)) * 2 ** ((next >> 2) - 1)) / UNITS_PER_MS;
}

/** Records one value in the histogram at `base`. */
export function histogramRecord(into: Float64Array, base: number, valueMs: number): void {
  into[base + histogramIndex(valueMs)]++;
  into[base + SUM] += valueMs;
}

/** Adds the histogram at `fromBase` of `from` to the one at `base` of `into`. */
export function histogramAdd(into: Float64Array, base: number, from: Float64Array, fromBase: number): void {
  for (let i = 0; i < HISTOGRAM_SIZE; i++) into[base + i] += from[fromBase + i];
}

export function histogramCount(from: Float64Array, base: number): number {
  let count = 0;
  for (let i = 0; i < HISTOGRAM_BUCKETS; i++) count += from[base + i];
  return count;
}

/** The sum of all recorded values, milliseconds. */
export function histogramSum(from: Float64Array, base: number): number {
  return from[base + SUM];
}

/**
 * The value in milliseconds below which the share `q` (0..1) of the recorded values lies, interpolated within its
 * bucket; the start of the overflow bucket for what lies in there. undefined where nothing was recorded.
 */
export function histogramQuantile(from: Float64Array, base: number, q: number): number | undefined {
  const count = histogramCount(from, base);
  if (count === 0) return undefined;
  const rank = Math.max(q * count, Number.MIN_VALUE);
  let below = 0;
  for (let i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
    const inside = from[base + i];
    if (below + inside >= rank) {
      const lower = i === 0 ? 0 : histogramBound(i - 1);
      return lower + (histogramBound(i) - lower) * ((rank - below) / inside);
    }
    below += inside;
  }
  return OVERFLOW_MS;
}
