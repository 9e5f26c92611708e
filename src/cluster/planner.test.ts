import assert from "node:assert/strict";
import { test } from "node:test";
import { storeReport } from "../balance/load-report.js";
import { State } from "../model/cells.js";
import type { ClusterSpec } from "../model/spec.js";
import { FakeClock } from "../testing/fake-clock.js";
import { createClusterSpec, createEndpointSpec, createStagesSpec } from "../testing/specs.js";
import type { Plan } from "./plan.js";
import { Planner } from "./planner.js";
import { createShared, endpointAt } from "./shared.js";
import { SlotTable } from "./slots.js";

function createFixture() {
  const clock = new FakeClock();
  const plans: Plan[] = [];
  const shared = createShared(1);
  const table: SlotTable = new SlotTable(shared, (cluster) => planner.changed(cluster));
  const panics: string[] = [];
  const planner = new Planner({
    table,
    clock,
    onPlan: (_, plan) => plans.push(plan),
    onPanic: (cluster, panic) => panics.push(`${cluster} ${panic}`),
  });
  const apply = (...specs: ClusterSpec[]): Plan => {
    table.assign(specs);
    const plan = planner.assign(specs).get("web")!;
    table.commit();
    clock.advance(0);
    return plan;
  };
  return { clock, shared, table, planner, plans, panics, apply };
}

/** Positions and weights of everybody in the plan. */
function members(plan: Plan): [number, number][] {
  return plan.groups.flatMap(({ members: positions, weights }) =>
    [...positions].map((at, i): [number, number] => [at, weights[i]]),
  );
}

test("an endpoint that goes down leaves the plan, and comes back", () => {
  const { clock, table, plans, apply } = createFixture();
  assert.deepEqual(members(apply(createClusterSpec(3))), [
    [0, 1],
    [1, 1],
    [2, 1],
  ]);
  table.mark("web", "e1", State.DOWN, 0);
  clock.advance(1);
  table.mark("web", "e1", 0, State.DOWN);
  clock.advance(1000);
  assert.deepEqual(
    plans.map((plan) => members(plan).map(([at]) => at)),
    [
      [0, 2],
      [0, 1, 2],
    ],
  );
});

test("what endpoints report of their load shifts their shares within seconds, and is forgotten", () => {
  const { clock, shared, table, plans, apply } = createFixture();
  const spec = createClusterSpec(2, { loadReports: { forward: false, errorPenalty: 1, maxAgeMs: 5000 } });
  apply(spec);
  const slots = table.assign([spec]).get("web")!;
  table.commit();
  clock.advance(1000);
  const report = (id: string, utilization: number) =>
    storeReport(shared.cells, endpointAt(slots.endpoints.get(id)!), { utilization, rps: 100, eps: 0 }, clock.now());
  report("e0", 0.8);
  report("e1", 0.4);
  clock.advance(1000);
  assert.deepEqual(members(plans.at(-1)!), [
    [0, 0.65],
    [1, 1.35],
  ]);
  const { length } = plans;
  clock.advance(3000);
  assert.equal(plans.length, length, "nothing new makes no new plan");
  clock.advance(3000);
  assert.deepEqual(members(plans.at(-1)!), [
    [0, 1],
    [1, 1],
  ]);
});

test("while building takes time, changes that come meanwhile make one plan together", () => {
  let time = 0;
  const tasks = new Set<() => void>();
  const clock = {
    now: () => ++time,
    after: (_ms: number, task: () => void) => {
      tasks.add(task);
      return () => void tasks.delete(task);
    },
  };
  const plans: Plan[] = [];
  const table: SlotTable = new SlotTable(createShared(1), (cluster) => planner.changed(cluster));
  const planner = new Planner({
    table,
    clock,
    onPlan: (_, plan) => plans.push(plan),
    onPanic: () => {},
  });
  const spec = createClusterSpec(5);
  table.assign([spec]);
  planner.assign([spec]);
  time += 1000;
  for (const id of ["e0", "e1", "e2"]) table.mark("web", id, State.EJECTED, 0);
  assert.deepEqual(
    plans.map((plan) => members(plan).length),
    [4],
  );
  assert.equal(tasks.size, 1);
  time += 1000;
  for (const task of tasks) task();
  assert.deepEqual(
    plans.map((plan) => members(plan).length),
    [4, 2],
  );
});

test("a change that leaves everybody's part as it was makes no plan", () => {
  const { clock, table, plans, apply } = createFixture();
  apply(createClusterSpec(3));
  table.mark("web", "e0", 0, State.UNKNOWN);
  clock.advance(1000);
  assert.deepEqual(plans, []);
});

test("a cluster without an endpoint to choose makes no plan for changes that change nothing", () => {
  const { clock, table, plans, apply } = createFixture();
  apply(createClusterSpec(0, { endpoints: [createEndpointSpec(0, { weight: 0 })] }));
  table.mark("web", "e0", 0, State.UNKNOWN);
  clock.advance(1000);
  assert.deepEqual(plans, []);
});

test("the plan of a new configuration has its weights, before they are committed", () => {
  const { table, planner } = createFixture();
  table.assign([createClusterSpec(2)]);
  table.commit();
  const spec = createClusterSpec(0, {
    endpoints: [createEndpointSpec(0, { weight: 0 }), createEndpointSpec(1, { weight: 7 }), createEndpointSpec(2)],
  });
  table.assign([spec]);
  assert.deepEqual(members(planner.assign([spec]).get("web")!), [
    [1, 7],
    [2, 1],
  ]);
});

test("when all are bad the plan has all, and says that it is panic", () => {
  const { clock, table, plans, apply } = createFixture();
  assert.equal(apply(createClusterSpec(2)).panic, false);
  table.mark("web", "e0", State.DOWN, 0);
  table.mark("web", "e1", State.DOWN, 0);
  clock.advance(1);
  assert.equal(plans.at(-1)!.panic, true);
  assert.equal(members(plans.at(-1)!).length, 2);
});

test("panic is told when it begins and ends, by the share that is configured, and not again when a reload finds it", () => {
  const { clock, table, panics, apply } = createFixture();
  const spec = () => createClusterSpec(4, { stages: createStagesSpec({ panicPercent: 60, overprovisioning: 1 }) });
  const mark = (endpoint: string, set: number, clear: number): string[] => {
    table.mark("web", endpoint, set, clear);
    clock.advance(1);
    return panics.splice(0);
  };
  apply(spec());
  assert.deepEqual(mark("e0", State.DOWN, 0), []);
  assert.deepEqual(mark("e1", State.DOWN, 0), ["web true"]);
  assert.deepEqual(mark("e2", State.DOWN, 0), []);
  apply(spec());
  assert.deepEqual(panics, []);
  assert.deepEqual(mark("e2", 0, State.DOWN), []);
  assert.deepEqual(mark("e1", 0, State.DOWN), ["web false"]);
});

const warming = createStagesSpec({ slowStart: { windowMs: 10_000, aggression: 1, minPercent: 10 } });

test("an endpoint that is new in a cluster, or back, starts slowly", () => {
  const { clock, table, plans, apply } = createFixture();
  assert.deepEqual(members(apply(createClusterSpec(2, { stages: warming }))), [
    [0, 1],
    [1, 1],
  ]);
  const begun = members(apply(createClusterSpec(3, { stages: warming })));
  assert.deepEqual(begun.slice(0, 2), [
    [0, 1],
    [1, 1],
  ]);
  assert.ok(begun[2][1] <= 0.11, `${begun[2][1]}`);
  clock.advance(5000);
  const half = members(plans.at(-1)!)[2][1];
  assert.ok(half > 0.4 && half < 0.6, `${half}`);
  clock.advance(6000);
  assert.deepEqual(members(plans.at(-1)!)[2], [2, 1]);
  const { length } = plans;
  clock.advance(60_000);
  assert.equal(plans.length, length, "nothing is left to do");
  table.mark("web", "e0", State.DOWN, 0);
  clock.advance(5000);
  table.mark("web", "e0", 0, State.DOWN);
  clock.advance(1);
  assert.ok(members(plans.at(-1)!)[0][1] <= 0.11);
});

test("a reload in the middle of a slow start does not begin it anew", () => {
  const { clock, apply } = createFixture();
  apply(createClusterSpec(1, { stages: warming }));
  apply(createClusterSpec(2, { stages: warming }));
  clock.advance(5000);
  const again = members(apply(createClusterSpec(2, { stages: warming, connectAttempts: 1 })));
  assert.ok(again[1][1] > 0.4, `${again[1][1]}`);
});

test("nothing waits on the clock once a planner is closed", () => {
  const { clock, table, planner, apply } = createFixture();
  apply(createClusterSpec(1, { stages: warming }));
  apply(createClusterSpec(2, { stages: warming }));
  table.mark("web", "e0", State.DOWN, 0);
  planner.close();
  assert.equal(clock.pending, 0);
});
