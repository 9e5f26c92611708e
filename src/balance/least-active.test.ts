import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Query } from "../model/query.js";
import { createNodes, createPickerFor, createSetup } from "../testing/nodes.js";
import { createBalanceSpec } from "../testing/specs.js";

const SPEC = createBalanceSpec("least-request");

test("no node has less in flight per weight than the picked one", () => {
  const loads = fc.array(fc.record({ weight: fc.integer({ min: 1, max: 9 }), active: fc.nat(50) }), {
    minLength: 1,
    maxLength: 32,
  });
  fc.assert(
    fc.property(loads, fc.nat(1000), (rows, cursor) => {
      const nodes = createNodes(rows.map((row) => row.weight));
      const setup = createSetup(nodes, 1);
      setup.cells[setup.cluster] = cursor;
      for (const node of nodes) setup.cells[node.at] = rows[node.slot].active;
      const picked = createPickerFor(SPEC, nodes, setup).pick(new Query())!;
      const least = Math.min(...rows.map((row) => row.active / row.weight));
      assert.equal(rows[picked.slot].active / picked.weight, least);
    }),
  );
});

test("an idle cluster rotates instead of always using its first node", () => {
  const nodes = createNodes([1, 1, 1]);
  const picker = createPickerFor(SPEC, nodes, createSetup(nodes, 1));
  const slots = Array.from({ length: 6 }, () => picker.pick(new Query())?.slot);
  assert.deepEqual(slots, [0, 1, 2, 0, 1, 2]);
});
