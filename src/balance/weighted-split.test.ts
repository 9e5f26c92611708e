import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom } from "../base/random.js";
import { WeightedSplit } from "./weighted-split.js";

const anyWeights = fc.array(fc.nat(50), { minLength: 1, maxLength: 6 }).filter((all) => all.some((one) => one > 0));

test("turns follow the weights exactly over a period, wherever it begins", () => {
  fc.assert(
    fc.property(anyWeights, fc.nat(), (weights, seed) => {
      const split = new WeightedSplit(weights, createRandom(seed));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const counts = weights.map(() => 0);
      for (let i = 0; i < total; i++) counts[split.next()]++;
      assert.deepEqual(counts, weights);
    }),
  );
});

test("any stretch of turns is within two turns of its share for two clusters", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99 }), fc.nat(), fc.nat(300), (weight, seed, length) => {
      const split = new WeightedSplit([weight, 100 - weight], createRandom(seed));
      let first = 0;
      for (let i = 0; i < length; i++) if (split.next() === 0) first++;
      assert.ok(Math.abs(first - (length * weight) / 100) < 2, `${first} of ${length} at ${weight} %`);
    }),
  );
});

test("equal hashes stay together, and shares of many hashes follow the weights", () => {
  fc.assert(
    fc.property(anyWeights, fc.nat(), (weights, seed) => {
      const random = createRandom(seed);
      const split = new WeightedSplit(weights, random);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const counts = weights.map(() => 0);
      const hashes = Array.from({ length: 4000 }, () => random.next());
      for (const hash of hashes) {
        const index = split.at(hash);
        assert.equal(split.at(hash), index);
        counts[index]++;
      }
      for (const [index, weight] of weights.entries()) {
        const share = weight / total;
        // Five standard deviations of the binomial distribution.
        const tolerance = 5 * Math.sqrt((share * (1 - share)) / hashes.length) + 1 / hashes.length;
        assert.ok(
          Math.abs(counts[index] / hashes.length - share) <= tolerance,
          `${counts} for ${weights}, seed ${seed}`,
        );
      }
    }),
    { numRuns: 30 },
  );
});

test("a share that grows by 5 % moves 5 % of the hashes, all to it", () => {
  const before = new WeightedSplit([95, 5], createRandom(1));
  const after = new WeightedSplit([90, 10], createRandom(1));
  const random = createRandom(2);
  let moved = 0;
  for (let i = 0; i < 20_000; i++) {
    const hash = random.next();
    if (before.at(hash) === after.at(hash)) continue;
    assert.deepEqual([before.at(hash), after.at(hash)], [0, 1]);
    moved++;
  }
  assert.ok(moved > 800 && moved < 1200, `${moved} of 20000`);
});

test("the first and the last hash have a share", () => {
  const split = new WeightedSplit([0, 3, 0, 1, 0], createRandom(1));
  const seen = new Set<number>();
  for (let i = 0; i <= 65_536; i++) seen.add(split.at(Math.min(i * 65_536, 0xffff_ffff)));
  assert.deepEqual([...seen].sort(), [1, 3]);
});
