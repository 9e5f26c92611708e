import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MIN_SAMPLES, RecentLatency } from "./recent-latency.js";

function recorded(values: readonly number[], now = 0): RecentLatency {
  const latency = new RecentLatency();
  for (const value of values) latency.record(value, now);
  return latency;
}

test("the quantile lies within a bucket of the true one", () => {
  const values = fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: MIN_SAMPLES, maxLength: 400 });
  fc.assert(
    fc.property(values, fc.constantFrom(0.5, 0.9, 0.95, 0.99), (sample, q) => {
      const sorted = sample.toSorted((a, b) => a - b);
      const exact = sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
      const found = recorded(sample).quantile(q, 0);
      assert.ok(found >= exact / 1.3 && found <= exact * 1.3, `${found} of ${exact}`);
    }),
  );
});

test("nothing is said of few answers", () => {
  assert.equal(new RecentLatency().quantile(0.95, 0), -1);
  assert.equal(recorded(new Array(MIN_SAMPLES - 1).fill(5)).quantile(0.95, 0), -1);
  assert.ok(recorded(new Array(MIN_SAMPLES).fill(5)).quantile(0.95, 0) > 0);
});

test("what is long past no longer counts", () => {
  const latency = recorded(new Array(1000).fill(1000));
  assert.ok(latency.quantile(0.95, 0) > 700);
  for (let now = 0; now < 180_000; now += 30) latency.record(2, now);
  assert.ok(latency.quantile(0.95, 180_000) < 4, "a cluster that became fast is known to be fast");
  assert.equal(latency.quantile(0.95, 1_800_000), -1, "and after a silence nothing is known");
});
