import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PRIORITIES } from "../model/flow-spec.js";
import { isShed, Shedding } from "./shedding.js";

const SPEC = { bufferPercent: 70, delayMs: 100 };
const [HIGH, NORMAL, LOW] = PRIORITIES.keys();

function levels(...signals: [buffers: number, delay: number][]): number[] {
  const shedding = new Shedding();
  return signals.map(([buffers, delay]) => {
    shedding.observe(SPEC, buffers, delay);
    return shedding.level;
  });
}

test("each level takes one class more, the lowest first", () => {
  const refused = [0, 1, 2, 3].map((level) => [HIGH, NORMAL, LOW].filter((priority) => isShed(level, priority)));
  assert.deepEqual(refused, [[], [LOW], [NORMAL, LOW], [HIGH, NORMAL, LOW]]);
});

test("buffers in use raise the level at once, as far as need be", () => {
  assert.deepEqual(levels([69, 0]), [0]);
  assert.deepEqual(levels([70, 0], [80, 0], [90, 0]), [1, 2, 3]);
  assert.deepEqual(levels([95, 0]), [3]);
});

test("a level ends well below where it began, and one at a time", () => {
  assert.deepEqual(levels([95, 0], [88, 0], [84, 0], [76, 0], [74, 0], [66, 0], [64, 0]), [3, 3, 2, 2, 1, 1, 0]);
  assert.deepEqual(levels([95, 0], [0, 0], [0, 0], [0, 0], [0, 0]), [3, 2, 1, 0, 0]);
});

test("one late turn is forgiven, the second is not", () => {
  assert.deepEqual(levels([0, 900], [0, 5], [0, 900], [0, 5]), [0, 0, 0, 0]);
  assert.deepEqual(levels([0, 100], [0, 150]), [0, 1]);
  assert.deepEqual(levels([0, 450], [0, 450]), [0, 3]);
  assert.deepEqual(levels([0, 100], [0, 100], [0, 60], [0, 40]), [0, 1, 1, 0]);
});

test("a signal without a bound never counts", () => {
  const shedding = new Shedding();
  for (let i = 0; i < 5; i++) shedding.observe({ bufferPercent: 0, delayMs: 0 }, 100, 10_000);
  assert.equal(shedding.level, 0);
});

test("steady signals end at a steady level, whatever came before", () => {
  const signal = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 1000 }));
  fc.assert(
    fc.property(fc.array(signal, { maxLength: 20 }), signal, (before, [buffers, delay]) => {
      const seen = levels(...before, ...Array.from({ length: 8 }, (): [number, number] => [buffers, delay]));
      const last = seen.slice(-4);
      assert.ok(
        last.every((level) => level === last[0]),
        `${seen}`,
      );
    }),
  );
});
