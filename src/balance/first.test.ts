import assert from "node:assert/strict";
import { test } from "node:test";
import { Query } from "../model/query.js";
import { createNodes, createPickerFor, createSetup } from "../testing/nodes.js";
import { createBalanceSpec } from "../testing/specs.js";

test("work is packed onto the first endpoints: the next one gets only what they cannot take", () => {
  const nodes = createNodes([1, 9, 1], 2);
  const setup = createSetup(nodes, 1);
  const picker = createPickerFor(createBalanceSpec("first"), nodes, setup);
  const pick = () => {
    const node = picker.pick(new Query());
    if (node !== undefined) setup.cells[node.at]++;
    return node?.slot;
  };
  assert.deepEqual([pick(), pick(), pick()], [0, 0, 1]);
  setup.cells[nodes[0].at]--;
  assert.deepEqual([pick(), pick(), pick(), pick(), pick()], [0, 1, 2, 2, undefined]);
});
