import assert from "node:assert/strict";
import { test } from "node:test";
import { LbError } from "../base/errors.js";
import { EndpointCell, State } from "../model/cells.js";
import { createClusterSpec, createEndpointSpec } from "../testing/specs.js";
import { createShared, endpointAt, MAX_ENDPOINTS } from "./shared.js";
import { SlotTable } from "./slots.js";

function createTable() {
  const shared = createShared(1);
  const changes: string[] = [];
  const table = new SlotTable(shared, (cluster) => changes.push(cluster));
  const cell = (slot: number, offset: number): number => shared.cells[endpointAt(slot) + offset];
  return { shared, table, cell, changes };
}

test("an endpoint keeps its slot, its counts and its state over a reload", () => {
  const { shared, table, cell } = createTable();
  const before = table.assign([createClusterSpec(2)]).get("web")!;
  const slot = before.endpoints.get("e1")!;
  Atomics.add(shared.cells, endpointAt(slot) + EndpointCell.ACTIVE, 7);
  table.mark("web", "e1", State.DOWN, State.UNKNOWN);
  const endpoints = [createEndpointSpec(5), createEndpointSpec(1, { weight: 4 })];
  const after = table.assign([createClusterSpec(0, { endpoints })]).get("web")!;
  table.commit();
  assert.equal(after.slot, before.slot);
  assert.equal(after.endpoints.get("e1"), slot);
  assert.equal(cell(slot, EndpointCell.ACTIVE), 7);
  assert.equal(cell(slot, EndpointCell.STATE), State.DOWN);
  assert.equal(cell(slot, EndpointCell.WEIGHT), 400);
});

test("workers that have not seen the new spec go on with the old set until the commit", () => {
  const { table, cell, changes } = createTable();
  const before = table.assign([createClusterSpec(1)]).get("web")!;
  table.assign([createClusterSpec(0, { endpoints: [createEndpointSpec(1)] })]);
  assert.equal(cell(before.endpoints.get("e0")!, EndpointCell.STATE), State.UNKNOWN);
  table.assign([createClusterSpec(0, { endpoints: [createEndpointSpec(0, { weight: 0 }), createEndpointSpec(1)] })]);
  assert.deepEqual(changes, []);
});

test("an endpoint that goes is marked draining", () => {
  const { table, cell, changes } = createTable();
  const before = table.assign([createClusterSpec(2)]).get("web")!;
  table.assign([createClusterSpec(1)]);
  table.commit();
  assert.equal(cell(before.endpoints.get("e1")!, EndpointCell.STATE), State.DRAINING);
  assert.deepEqual(changes, ["web"]);
});

test("weight 0 means draining, and a weight brings the endpoint back", () => {
  const { table } = createTable();
  table.assign([createClusterSpec(0, { endpoints: [createEndpointSpec(0, { weight: 0 })] })]);
  assert.equal(table.state("web", "e0"), State.UNKNOWN | State.DRAINING);
  table.assign([createClusterSpec(1)]);
  table.commit();
  assert.equal(table.state("web", "e0"), State.UNKNOWN);
});

test("a mark that changes nothing is no change", () => {
  const { table, changes } = createTable();
  table.assign([createClusterSpec(1)]);
  table.mark("web", "e0", State.UNKNOWN, 0);
  table.mark("web", "nobody", State.DOWN, 0);
  assert.deepEqual(changes, []);
  table.mark("web", "e0", State.DOWN, 0);
  assert.deepEqual(changes, ["web"]);
});

test("a run-time share of the weight and a run-time limit hold until changed, over reloads and within the spec", () => {
  const { table, cell, changes } = createTable();
  const spec = (weight: number, maxConnections: number) =>
    createClusterSpec(0, { endpoints: [createEndpointSpec(0, { weight, maxConnections }), createEndpointSpec(1)] });
  const slots = table.assign([spec(1, 0)]).get("web")!;
  const own = slots.endpoints.get("e0")!;
  const figures = () => [cell(own, EndpointCell.WEIGHT), cell(own, EndpointCell.MAX_ACTIVE)];
  table.scaleWeight("web", "e0", 75);
  table.limitActive("web", "e0", 30);
  assert.deepEqual(figures(), [75, 30]);
  assert.deepEqual(changes, ["web", "web"]);
  table.scaleWeight("web", "e0", 75);
  table.scaleWeight("web", "nobody", 75);
  assert.deepEqual(changes, ["web", "web"]);
  table.assign([spec(4, 20)]);
  table.commit();
  assert.deepEqual(figures(), [300, 20]);
  table.limitActive("web", "e0", 0);
  table.scaleWeight("web", "e0", 0);
  assert.deepEqual(figures(), [0, 20]);
  table.assign([createClusterSpec(0, { endpoints: [createEndpointSpec(1)] })]);
  table.assign([spec(2, 0)]);
  table.commit();
  assert.equal(
    cell(
      table
        .assign([spec(2, 0)])
        .get("web")!
        .endpoints.get("e0")!,
      EndpointCell.WEIGHT,
    ),
    200,
  );
});

test("equal endpoint ids in two clusters have slots of their own", () => {
  const { table } = createTable();
  const slots = table.assign([createClusterSpec(1), createClusterSpec(1, { name: "__proto__" })]);
  assert.notEqual(slots.get("web")!.endpoints.get("e0"), slots.get("__proto__")!.endpoints.get("e0"));
});

test("a set that does not fit is refused, and the old one goes on untouched", () => {
  const { table } = createTable();
  const before = table.assign([createClusterSpec(1)]);
  table.mark("web", "e0", State.DOWN, State.UNKNOWN);
  assert.throws(
    () => table.assign([createClusterSpec(MAX_ENDPOINTS + 1, { name: "huge" })]),
    (error) => error instanceof LbError && error.code === "CONFIG_INVALID",
  );
  assert.equal(table.state("web", "e0"), State.DOWN);
  assert.deepEqual(table.assign([createClusterSpec(1)]), before);
});

test("most endpoints can be replaced by others in one reload, except those that are still busy", () => {
  const { shared, table } = createTable();
  const old = table.assign([createClusterSpec(MAX_ENDPOINTS, { name: "old" })]).get("old")!;
  table.assign([createClusterSpec(MAX_ENDPOINTS, { name: "new" })]);
  assert.equal(table.state("new", "e0"), State.UNKNOWN);
  Atomics.store(shared.cells, endpointAt(old.endpoints.get("e3")!), 1);
  assert.throws(() => table.assign([createClusterSpec(MAX_ENDPOINTS, { name: "newer" })]), LbError);
});
