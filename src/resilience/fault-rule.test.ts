import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom } from "../base/random.js";
import { Fault, FaultRule } from "./fault-rule.js";

const DRAWS = 4000;

/** Shares of delays and of aborts, in percent. */
function shares(rule: FaultRule, asked: number, seed: number): [delays: number, aborts: number] {
  const random = createRandom(seed);
  let delays = 0;
  let aborts = 0;
  for (let i = 0; i < DRAWS; i++) {
    const faults = rule.draw(asked, random);
    if ((faults & Fault.DELAY) !== 0) delays++;
    if ((faults & Fault.ABORT) !== 0) aborts++;
  }
  return [(delays * 100) / DRAWS, (aborts * 100) / DRAWS];
}

/** Five standard deviations, in percent. */
const tolerance = (percent: number): number => 5 * Math.sqrt((percent * (100 - percent)) / DRAWS);

test("each fault comes as often as its percentage says", () => {
  const percent = fc.double({ min: 0, max: 100, noNaN: true });
  fc.assert(
    fc.property(percent, percent, fc.nat(), (delay, abort, seed) => {
      const [delays, aborts] = shares(new FaultRule(delay, abort, false), Fault.NONE, seed);
      assert.ok(Math.abs(delays - delay) <= tolerance(delay) + 0.1, `${delays} % delays of ${delay} %, seed ${seed}`);
      assert.ok(Math.abs(aborts - abort) <= tolerance(abort) + 0.1, `${aborts} % aborts of ${abort} %, seed ${seed}`);
    }),
    { numRuns: 50 },
  );
});

test("0 % never comes and 100 % always", () => {
  assert.deepEqual(shares(new FaultRule(0, 100, false), Fault.NONE, 1), [0, 100]);
  assert.deepEqual(shares(new FaultRule(100, 0, false), Fault.NONE, 2), [100, 0]);
});

test("a request that must ask gets only what it asks for", () => {
  const rule = new FaultRule(100, 100, true);
  assert.deepEqual(shares(rule, Fault.NONE, 3), [0, 0]);
  assert.deepEqual(shares(rule, Fault.DELAY, 4), [100, 0]);
  assert.deepEqual(shares(rule, Fault.ABORT, 5), [0, 100]);
  assert.deepEqual(shares(rule, Fault.DELAY | Fault.ABORT, 6), [100, 100]);
});
