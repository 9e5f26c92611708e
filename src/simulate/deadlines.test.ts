import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Deadlines } from "./deadlines.js";

test("deadlines come out as they went in, however many wait", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2000), fc.nat(2000)), { maxLength: 6 }), (rounds) => {
      const deadlines = new Deadlines();
      const expected: number[] = [];
      let added = 0;
      for (const [adds, takes] of rounds) {
        for (let i = 0; i < adds; i++) {
          deadlines.add(added / 2, added, added + 7);
          expected.push(added++);
        }
        for (let i = 0; i < takes && expected.length > 0; i++) {
          const next = expected.shift()!;
          assert.equal(deadlines.nextAt, next / 2);
          deadlines.take();
          assert.deepEqual([deadlines.at, deadlines.who, deadlines.turn], [next / 2, next, next + 7]);
        }
      }
      if (expected.length === 0) assert.equal(deadlines.nextAt, Number.POSITIVE_INFINITY);
    }),
    { numRuns: 20 },
  );
});
