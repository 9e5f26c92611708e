/** Laws that every picker keeps; what only one promises stands in that one's own test. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { mix32 } from "../base/hash.js";
import { Query } from "../model/query.js";
import type { BalanceName } from "../model/spec.js";
import { createNodes, createPickerFor, createSetup } from "../testing/nodes.js";
import { createBalanceSpec } from "../testing/specs.js";

const NAMES: readonly BalanceName[] = [
  "round-robin",
  "random",
  "least-request",
  "least-connections",
  "p2c",
  "ring-hash",
  "source-address",
];
/** How far shares may be off: chance is so by six standard deviations, hashing as far as its points are uneven. */
const SHARE_TOLERANCE: { readonly [N in BalanceName]: number } = {
  "round-robin": 0,
  random: 0.13,
  "least-request": 0,
  "least-connections": 0,
  p2c: 0.13,
  "ring-hash": 0.35,
  "source-address": 0.35,
};
const weightLists = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 50 });

for (const name of NAMES) {
  describe(name, () => {
    test("picks a node that has room whenever there is one, and only such", () => {
      fc.assert(
        fc.property(weightLists, fc.infiniteStream(fc.boolean()), fc.integer(), (weights, full, seed) => {
          const nodes = createNodes(weights, 3);
          const setup = createSetup(nodes, seed);
          for (const node of nodes) setup.cells[node.at] = full.next().value ? 3 : 2;
          const picker = createPickerFor(createBalanceSpec(name), nodes, setup);
          const query = new Query();
          const anyRoom = nodes.some((node) => setup.cells[node.at] < 3);
          for (let i = 0; i < 20; i++) {
            query.reset(mix32(i));
            const picked = picker.pick(query);
            assert.equal(picked !== undefined, anyRoom);
            if (picked !== undefined) assert.equal(setup.cells[picked.at], 2);
          }
        }),
      );
    });

    test("passes over tried nodes while another has room, and then falls back to them", () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }),
          fc.integer(),
          (weights, seed) => {
            const nodes = createNodes(weights);
            const picker = createPickerFor(createBalanceSpec(name), nodes, createSetup(nodes, seed));
            const query = new Query();
            query.reset(mix32(seed));
            const picked = new Set<number>();
            for (let i = 0; i < nodes.length; i++) {
              const node = picker.pick(query);
              assert.ok(node !== undefined && !picked.has(node.slot), "an untried node was left");
              picked.add(node.slot);
              query.addTried(node.slot);
            }
            assert.notEqual(picker.pick(query), undefined);
          },
        ),
      );
    });

    test("gives idle nodes shares that follow their weights", () => {
      const weights = [1, 2, 3, 6];
      const nodes = createNodes(weights);
      const picker = createPickerFor(createBalanceSpec(name), nodes, createSetup(nodes, 42));
      const query = new Query();
      const counts = new Array<number>(nodes.length).fill(0);
      for (let i = 0; i < 24_000; i++) {
        query.reset(mix32(i));
        counts[picker.pick(query)!.slot]++;
      }
      const tolerance = SHARE_TOLERANCE[name];
      weights.forEach((weight, slot) => {
        const share = counts[slot] / (2000 * weight);
        assert.ok(Math.abs(share - 1) <= tolerance, `weight ${weight} got ${share} of its share`);
      });
    });
  });
}
