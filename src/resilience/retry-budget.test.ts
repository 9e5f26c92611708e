import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { activeNeeded } from "./retry-budget.js";

test("the minimum is allowed without any active request", () => {
  const budget = { percent: 20, minimum: 3 };
  assert.deepEqual(
    [0, 1, 2].map((retries) => activeNeeded(retries, budget)),
    [0, 0, 0],
  );
  assert.equal(activeNeeded(3, budget), 20);
  assert.equal(activeNeeded(4, budget), 25);
});

test("0 percent never allows more than the minimum", () => {
  assert.equal(activeNeeded(1, { percent: 0, minimum: 1 }), Number.POSITIVE_INFINITY);
});

test("with what is needed, the retries stay within the share; with one request less, they would not", () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 100 }), (retries, percent) => {
      const needed = activeNeeded(retries, { percent, minimum: 0 });
      assert.ok((retries + 1) * 100 <= needed * percent);
      assert.ok((retries + 1) * 100 > (needed - 1) * percent);
    }),
  );
});
