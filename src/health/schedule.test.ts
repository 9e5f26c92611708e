import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom } from "../base/random.js";
import { firstDelay, nextDelay } from "./schedule.js";

const timing = { intervalMs: 2000, fastIntervalMs: 500, jitter: 0.2 };

test("a few endpoints are checked at once, not after an interval", () => {
  const delays = [0, 1, 2].map((index) => firstDelay(index, 3, timing, createRandom(1)));
  assert.ok(Math.max(...delays) <= 15, `${delays}`);
});

test("the first checks of 10 000 endpoints fill an interval evenly", () => {
  const random = createRandom(2);
  const perTick = new Array<number>(20).fill(0);
  for (let i = 0; i < 10_000; i++) perTick[Math.floor(firstDelay(i, 10_000, timing, random) / 100)]++;
  assert.deepEqual(perTick, new Array<number>(20).fill(500));
});

test("the wait stays within the jitter around the interval in force", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer(), (unsettled, jitter, seed) => {
      const delay = nextDelay(unsettled, { ...timing, jitter }, createRandom(seed));
      const base = unsettled ? 500 : 2000;
      assert.ok(delay >= base * (1 - jitter) - 1e-6 && delay <= base * (1 + jitter) + 1e-6);
    }),
  );
});

test("endpoints that began together drift apart", () => {
  const random = createRandom(3);
  const delays = Array.from({ length: 100 }, () => nextDelay(false, timing, random));
  assert.ok(Math.max(...delays) - Math.min(...delays) > 600);
});
