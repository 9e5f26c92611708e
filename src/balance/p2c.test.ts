import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "../model/node.js";
import { Query } from "../model/query.js";
import { createNodes, createSetup } from "../testing/nodes.js";
import { TwoChoices } from "./p2c.js";
import type { Picker } from "./picker.js";
import { RandomPicker } from "./random.js";

/** Throws `balls` into 1000 nodes that never finish anything, and returns the fullest one's load. */
function fullest(create: (nodes: Node[], setup: ReturnType<typeof createSetup>) => Picker<Node>, seed: number): number {
  const nodes = createNodes(new Array<number>(1000).fill(1));
  const setup = createSetup(nodes, seed);
  const picker = create(nodes, setup);
  for (let i = 0; i < 10_000; i++) setup.cells[picker.pick(new Query())!.at]++;
  return Math.max(...nodes.map((node) => setup.cells[node.at]));
}

test("two choices keep the fullest node within a few of the mean, where one random choice does not", () => {
  // Mean 10. Theory: mean + ln ln n / ln 2 + O(1) = 13 for two choices; about mean + sqrt(2 * mean * ln n) = 22 for one.
  for (const seed of [1, 2, 3]) {
    const two = fullest((nodes, setup) => new TwoChoices(nodes, setup), seed);
    const one = fullest((nodes, setup) => new RandomPicker(nodes, setup), seed);
    assert.ok(two <= 14, `seed ${seed}: ${two}`);
    assert.ok(one >= 18, `seed ${seed}: ${one}`);
  }
});

test("the busier of two nodes is not chosen while the other is idle", () => {
  const nodes = createNodes([1, 1]);
  const setup = createSetup(nodes, 7);
  setup.cells[nodes[0].at] = 5;
  const picker = new TwoChoices(nodes, setup);
  const counts = [0, 0];
  for (let i = 0; i < 1000; i++) counts[picker.pick(new Query())!.slot]++;
  assert.deepEqual(counts, [0, 1000]);
});
