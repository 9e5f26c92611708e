import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createOutlierSpec } from "../testing/specs.js";
import { decide, type Ejections, NEVER_EJECTED } from "./outlier.js";

const spec = createOutlierSpec({ ejectionMs: 1000, maxEjectionMs: 2500, maxEjectionPercent: 50 });
const around = { endpoints: 4, ejected: 0, usable: 4 };

function eject(ejections: Ejections, now: number): Ejections {
  const decision = decide(ejections, around, spec, now);
  assert.ok(decision.eject);
  return decision.ejections;
}

test("each ejection in a row takes as much longer, up to the most", () => {
  const first = eject(NEVER_EJECTED, 0);
  const second = eject(first, first.until + 100);
  const third = eject(second, second.until + 100);
  assert.deepEqual([first.durationMs, second.durationMs, third.durationMs], [1000, 2000, 2500]);
  assert.equal(third.count, 3);
  assert.equal(third.until, second.until + 100 + 2500);
});

test("for each first ejection's time that an endpoint was back, one ejection is forgotten", () => {
  const first = eject(NEVER_EJECTED, 0);
  assert.equal(eject(first, first.until + 999).count, 2);
  assert.equal(eject(first, first.until + 1000).count, 1);
  const third = eject(eject(first, first.until), first.until + 2000);
  assert.equal(third.count, 3);
  const counts = [999, 1000, 2000, 3000, 99_000].map((ms) => eject(third, third.until + ms).count);
  assert.deepEqual(counts, [4, 3, 2, 1, 1]);
});

test("the last usable endpoint is spared, with the reason", () => {
  const decision = decide(NEVER_EJECTED, { endpoints: 4, ejected: 0, usable: 1 }, spec, 0);
  assert.deepEqual(decision, { eject: false, reason: "it is the last usable endpoint" });
});

test("the share that may be ejected is not exceeded", () => {
  assert.equal(decide(NEVER_EJECTED, { endpoints: 4, ejected: 1, usable: 3 }, spec, 0).eject, true);
  const decision = decide(NEVER_EJECTED, { endpoints: 4, ejected: 2, usable: 2 }, spec, 0);
  assert.deepEqual(decision, { eject: false, reason: "no more than 50 % may be ejected" });
});

test("any number of reports leaves a usable endpoint and keeps the share", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(20), fc.nat(100), (endpoints, down, maxEjectionPercent) => {
      let usable = Math.max(0, endpoints - down);
      const start = usable;
      let ejected = 0;
      while (decide(NEVER_EJECTED, { endpoints, ejected, usable }, { ...spec, maxEjectionPercent }, 0).eject) {
        ejected++;
        usable--;
      }
      assert.ok(usable >= Math.min(1, start));
      assert.ok(ejected * 100 <= endpoints * maxEjectionPercent);
    }),
  );
});
