import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  HISTOGRAM_BUCKETS,
  HISTOGRAM_SIZE,
  histogramAdd,
  histogramBound,
  histogramCount,
  histogramIndex,
  histogramQuantile,
  histogramRecord,
  histogramSum,
} from "./histogram.js";

const filled = (values: readonly number[]): Float64Array => {
  const histogram = new Float64Array(HISTOGRAM_SIZE);
  for (const value of values) histogramRecord(histogram, 0, value);
  return histogram;
};
const durations = fc.array(fc.double({ min: 0, max: 200_000, noNaN: true }), { minLength: 1, maxLength: 200 });

describe("histogram", () => {
  const rows: readonly (readonly [value: number, index: number])[] = [
    [0, 0],
    [-1, 0],
    [-Infinity, 0],
    [Number.NaN, 0],
    [0.0124, 0],
    [0.0125, 1],
    [0.05, 4],
    [0.0624, 4],
    [0.0625, 5],
    [104_857, HISTOGRAM_BUCKETS - 2],
    [104_857.6, HISTOGRAM_BUCKETS - 1],
    [1e300, HISTOGRAM_BUCKETS - 1],
    [Infinity, HISTOGRAM_BUCKETS - 1],
  ];
  for (const [value, index] of rows) {
    it(`puts ${value} ms into bucket ${index}`, () => assert.equal(histogramIndex(value), index));
  }

  it("has bounds that rise, and each bound begins the next bucket", () => {
    for (let i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
      const bound = histogramBound(i);
      assert.ok(i === 0 || bound > histogramBound(i - 1), `bound ${i}`);
      assert.equal(histogramIndex(bound), i + 1);
      assert.equal(histogramIndex(bound * (1 - 1e-9)), i);
    }
    assert.equal(histogramBound(HISTOGRAM_BUCKETS - 1), Infinity);
  });

  it("has whole milliseconds 1, 2, 4, 8 ... among its bounds", () => {
    const bounds = new Set(Array.from({ length: HISTOGRAM_BUCKETS }, (_, i) => histogramBound(i)));
    for (let ms = 0.0625; ms <= 65_536; ms *= 2) assert.ok(bounds.has(ms), `${ms} ms`);
  });

  it("knows a value from 50 µs to 100 s to within a quarter", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 100_000, noNaN: true }), (value) => {
        const index = histogramIndex(value);
        const lower = histogramBound(index - 1);
        const upper = histogramBound(index);
        assert.ok(lower <= value && value < upper && upper / lower <= 1.25 + 1e-9);
      }),
    );
  });

  it("merges to what one histogram of all values would be", () => {
    fc.assert(
      fc.property(durations, durations, (a, b) => {
        const merged = filled(a);
        histogramAdd(merged, 0, filled(b), 0);
        const whole = filled([...a, ...b]);
        assert.deepEqual(merged.subarray(0, HISTOGRAM_BUCKETS), whole.subarray(0, HISTOGRAM_BUCKETS));
        assert.ok(Math.abs(histogramSum(merged, 0) - histogramSum(whole, 0)) < 1e-3);
        assert.equal(histogramCount(merged, 0), a.length + b.length);
      }),
    );
  });

  it("estimates quantiles in the bucket of the true one", () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
        const estimate = histogramQuantile(filled(values), 0, q)!;
        const index = histogramIndex(exact);
        const lower = index === 0 ? 0 : histogramBound(index - 1);
        assert.ok(estimate >= lower && estimate <= histogramBound(index), `${estimate} for ${exact}`);
      }),
    );
  });

  it("has no quantile while it is empty", () => {
    assert.equal(histogramQuantile(new Float64Array(HISTOGRAM_SIZE), 0, 0.5), undefined);
  });

  it("touches nothing outside its own range", () => {
    const memory = new Float64Array(3 * HISTOGRAM_SIZE);
    for (const value of [0, 1, 1e9]) histogramRecord(memory, HISTOGRAM_SIZE, value);
    assert.ok(memory.subarray(0, HISTOGRAM_SIZE).every((x) => x === 0));
    assert.ok(memory.subarray(2 * HISTOGRAM_SIZE).every((x) => x === 0));
  });
});
