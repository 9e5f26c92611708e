import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom } from "../base/random.js";
import { backoffMs, isInTime, pauseBeforeRetry } from "./backoff.js";

test("the wait never exceeds a bound that doubles up to the most, and takes every length below it alike", () => {
  const spec = { baseMs: 25, maxMs: 250 };
  for (const [retry, bound] of [
    [1, 25],
    [2, 50],
    [3, 100],
    [4, 200],
    [5, 250],
    [60, 250],
  ]) {
    const random = createRandom(retry);
    const waits = Array.from({ length: 20_000 }, () => backoffMs(retry, spec, random));
    assert.equal(Math.max(...waits), bound, `seed ${retry}: the bound is reached`);
    assert.equal(Math.min(...waits), 0, "as is no wait at all");
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
    assert.ok(Math.abs(mean - bound / 2) < bound * 0.02, `mean ${mean} of retry ${retry}`);
  }
});

test("a back-off of nothing is nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), (retry) => {
      assert.equal(backoffMs(retry, { baseMs: 0, maxMs: 1000 }, createRandom(1)), 0);
    }),
  );
});

for (const [story, wait, asked, binding, expected] of [
  ["without a pause the back-off holds", 20, 0, true, 20],
  ["a pause that binds is waited for", 20, 900, true, 900],
  ["a pause of one endpoint does not keep from another", 20, 900, false, 20],
  ["the longer of both holds", 300, 200, true, 300],
  ["a pause that is too long ends the tries", 20, 1001, true, -1],
] as const) {
  test(story, () => assert.equal(pauseBeforeRetry(wait, asked, binding, 1000), expected));
}

test("a retry begins only with its least time left", () => {
  assert.equal(isInTime(100, 50, 10, 160), true);
  assert.equal(isInTime(100, 51, 10, 160), false);
  assert.equal(isInTime(100, 1e6, 10, Number.POSITIVE_INFINITY), true);
});
