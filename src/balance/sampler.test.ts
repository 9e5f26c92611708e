import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom } from "../base/random.js";
import { buildAlias, Sampler } from "./sampler.js";

test("a sampler draws each index in proportion to its weight", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 }),
      fc.integer(),
      (weights, seed) => {
        const draws = 20_000;
        const sampler = new Sampler(buildAlias(weights));
        const random = createRandom(seed);
        const counts = new Array<number>(weights.length).fill(0);
        for (let i = 0; i < draws; i++) counts[sampler.draw(random)]++;
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        weights.forEach((weight, index) => {
          const share = weight / total;
          // Six standard deviations: a false alarm once in a hundred million nodes.
          const tolerance = 6 * Math.sqrt((share * (1 - share)) / draws) + 1e-9;
          assert.ok(Math.abs(counts[index] / draws - share) <= tolerance, `index ${index} of ${weights}`);
        });
      },
    ),
    { numRuns: 30 },
  );
});
