import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Query } from "../model/query.js";
import { createNodes, createPickerFor, createSetup } from "../testing/nodes.js";
import { createBalanceSpec } from "../testing/specs.js";

const SPEC = createBalanceSpec("round-robin");

test("any number of pickers on one counter share one rotation exactly", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      fc.infiniteStream(fc.nat()),
      (weights, pickerCount, turns) => {
        const nodes = createNodes(weights);
        const setup = createSetup(nodes, 1);
        const pickers = Array.from({ length: pickerCount }, () => createPickerFor(SPEC, nodes, setup));
        const query = new Query();
        const counts = new Array<number>(nodes.length).fill(0);
        const periods = 3;
        const picks = periods * weights.reduce((sum, weight) => sum + weight, 0);
        for (let i = 0; i < picks; i++) counts[pickers[turns.next().value % pickerCount].pick(query)!.slot]++;
        assert.deepEqual(
          counts,
          weights.map((weight) => weight * periods),
        );
      },
    ),
  );
});

test("the rotation goes on when the counter leaves the signed range", () => {
  const nodes = createNodes([1, 1, 1, 1]);
  const setup = createSetup(nodes, 1);
  setup.cells[setup.cluster] = 0x7fff_fffe;
  const picker = createPickerFor(SPEC, nodes, setup);
  const slots = Array.from({ length: 6 }, () => picker.pick(new Query())?.slot);
  assert.deepEqual(slots, [2, 3, 0, 1, 2, 3]);
});

test("the turns of a full node go to all others alike, not to its neighbour", () => {
  const nodes = createNodes([1, 1, 1, 1], 10);
  const setup = createSetup(nodes, 1);
  setup.cells[nodes[1].at] = 10;
  const picker = createPickerFor(SPEC, nodes, setup);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 300; i++) counts[picker.pick(new Query())!.slot]++;
  assert.deepEqual(counts, [100, 0, 100, 100]);
});
