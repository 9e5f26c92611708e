import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom } from "../base/random.js";
import { ClusterCell } from "../model/cells.js";
import type { AdaptiveSpec } from "../model/spec.js";
import { FIRST_LIMIT } from "../resilience/gradient.js";
import { AdaptiveLimit } from "./adaptive-limit.js";
import { clusterAt, createShared } from "./shared.js";

const SPEC: AdaptiveSpec = { min: 4, max: 500, tolerance: 0.25, windowMs: 100, intervalMs: 60_000 };
const AT = clusterAt(2);

function createFixture() {
  const { cells } = createShared(2);
  const workers = [0, 1].map((seed) => new AdaptiveLimit(cells, AT, createRandom(seed)));
  /** Both workers have `inFlight` requests of `latencyMs` under way all the time. */
  const play = (latencyMs: number, inFlight: number, fromMs: number, untilMs: number): void => {
    let next = 0;
    for (let now = fromMs; now < untilMs; now += latencyMs / inFlight) workers[next++ % 2].record(SPEC, latencyMs, now);
  };
  return { cells, workers, play };
}

test("all workers see one limit, which moves by what all of them saw", () => {
  const { workers, play } = createFixture();
  assert.equal(workers[0].limit(SPEC), FIRST_LIMIT);
  play(10, 40, 1000, 2000);
  const grown = workers[0].limit(SPEC);
  assert.ok(grown > 2 * FIRST_LIMIT, `${grown} after a second without waiting`);
  assert.equal(workers[1].limit(SPEC), grown);
  play(100, 400, 2000, 3000);
  assert.ok(workers[1].limit(SPEC) < grown, "answers that take ten times as long shrink it");
});

test("no sample is counted twice or lost between windows", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 50 })), { maxLength: 300 }), (samples) => {
      const { cells, workers } = createFixture();
      let now = 0;
      for (const [worker, passed] of samples) {
        const before = cells[AT + ClusterCell.ADAPTIVE_COUNT];
        workers[worker].record(SPEC, 10, (now += passed));
        const count = cells[AT + ClusterCell.ADAPTIVE_COUNT];
        assert.ok(count === before + 1 || count === 0, `${before} became ${count}`);
        assert.equal(cells[AT + ClusterCell.ADAPTIVE_SUM], count * 1000);
      }
    }),
  );
});

test("answers that never come shrink it too, once it is known what is usual", () => {
  const { workers, play } = createFixture();
  workers[0].recordTimeout(SPEC, 500);
  assert.equal(workers[0].limit(SPEC), FIRST_LIMIT);
  play(10, 40, 1000, 2000);
  const grown = workers[0].limit(SPEC);
  for (let now = 2000; now < 3000; now += 5) workers[1].recordTimeout(SPEC, now);
  assert.ok(workers[0].limit(SPEC) < grown);
});

test("a clock that wraps does not stop it", () => {
  const { workers, play } = createFixture();
  const wrap = 2 ** 31;
  play(10, 40, wrap - 1000, wrap + 1000);
  assert.ok(workers[0].limit(SPEC) > 2 * FIRST_LIMIT);
});
