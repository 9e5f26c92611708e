import assert from "node:assert/strict";
import { test } from "node:test";
import { Samples } from "./samples.js";

test("quantiles are exact, of all values or of some", () => {
  const samples = new Samples();
  for (let i = 0; i < 10_000; i++) samples.add((i * 7919) % 10_000);
  const { mean, p50, p90, p99, p999, max } = samples.summarise();
  assert.deepEqual([mean, p50, p90, p99, p999, max], [4999.5, 5000, 9000, 9900, 9990, 9999]);
  assert.equal(samples.summarise(0, 2).max, 7919);
});

test("of nothing all figures are 0", () => {
  assert.deepEqual(new Samples().summarise(), { mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
});
