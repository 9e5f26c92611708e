import assert from "node:assert/strict";
import { test } from "node:test";
import { Query } from "../model/query.js";
import type { BalanceName } from "../model/spec.js";
import { createNodes, createPickerFor, createSetup } from "../testing/nodes.js";
import { createBalanceSpec } from "../testing/specs.js";

/** Throws `balls` into 1000 nodes that never finish anything, and returns the fullest one's load. */
function fullest(policy: BalanceName, seed: number): number {
  const nodes = createNodes(new Array<number>(1000).fill(1));
  const setup = createSetup(nodes, seed);
  const picker = createPickerFor(createBalanceSpec(policy), nodes, setup);
  for (let i = 0; i < 10_000; i++) setup.cells[picker.pick(new Query())!.at]++;
  return Math.max(...nodes.map((node) => setup.cells[node.at]));
}

test("two choices keep the fullest node within a few of the mean, where one random choice does not", () => {
  // Mean 10. Theory: mean + ln ln n / ln 2 + O(1) = 13 for two choices; about mean + sqrt(2 * mean * ln n) = 22 for one.
  for (const seed of [1, 2, 3]) {
    const two = fullest("p2c", seed);
    const one = fullest("random", seed);
    assert.ok(two <= 14, `seed ${seed}: ${two}`);
    assert.ok(one >= 18, `seed ${seed}: ${one}`);
  }
});

test("the busier of two nodes is not chosen while the other is idle", () => {
  const nodes = createNodes([1, 1]);
  const setup = createSetup(nodes, 7);
  setup.cells[nodes[0].at] = 5;
  const picker = createPickerFor(createBalanceSpec("p2c"), nodes, setup);
  const counts = [0, 0];
  for (let i = 0; i < 1000; i++) counts[picker.pick(new Query())!.slot]++;
  assert.deepEqual(counts, [0, 1000]);
});
