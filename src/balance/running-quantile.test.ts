import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RunningQuantile } from "./running-quantile.js";

test("value and mean are those of the latest values, at each step", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(5), fc.nat(2000)), { minLength: 1, maxLength: 400 }),
      fc.constantFrom(0, 0.5, 0.84, 1),
      (values, share) => {
        const quantile = new RunningQuantile(share);
        values.forEach((value, i) => {
          quantile.add(value);
          const window = values
            .slice(Math.max(0, i - 127), i + 1)
            .map((item) => Math.min(item, 1023))
            .sort((a, b) => a - b);
          const expected = share === 0 ? 0 : window[Math.ceil(share * window.length) - 1];
          assert.equal(quantile.value, expected);
          assert.equal(quantile.mean, window.reduce((sum, item) => sum + item, 0) / window.length);
        });
      },
    ),
  );
});

test("without values it is 0", () => {
  assert.equal(new RunningQuantile(0.84).value, 0);
  assert.equal(new RunningQuantile(0.84).mean, 0);
});
