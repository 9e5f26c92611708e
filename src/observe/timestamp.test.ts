import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createTimestamp } from "./timestamp.js";

describe("timestamp", () => {
  it("is what Date.toISOString says, for every time from 1970 to 9999", () => {
    const timestamp = createTimestamp();
    const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: last }), (ms) => {
        assert.equal(timestamp(ms), new Date(ms).toISOString());
        assert.equal(timestamp(ms + 0.5), new Date(ms).toISOString());
      }),
      { numRuns: 2000 },
    );
  });

  for (const [year, month, day] of [
    [1970, 0, 1],
    [2000, 1, 29],
    [2023, 11, 31],
    [2024, 1, 29],
    [2100, 1, 28],
    [2100, 2, 1],
  ] as const) {
    const ms = Date.UTC(year, month, day, 23, 59, 59, 7);
    it(`knows ${new Date(ms).toISOString()}`, () => assert.equal(createTimestamp()(ms), new Date(ms).toISOString()));
  }
});
