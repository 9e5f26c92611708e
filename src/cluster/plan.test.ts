import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom } from "../base/random.js";
import { EndpointCell, State } from "../model/cells.js";
import { Outcome } from "../model/outcome.js";
import { Query } from "../model/query.js";
import type { ClusterSpec, EndpointSpec } from "../model/spec.js";
import { TIMELESS } from "../testing/fake-clock.js";
import { createBalanceSpec, createClusterSpec, createEndpointSpec, createStagesSpec } from "../testing/specs.js";
import { createLocalCluster } from "./local-cluster.js";
import { buildPlan, type EndpointInput, type Plan } from "./plan.js";

const healthy: EndpointInput = { state: 0, weight: 1, maxActive: 0, usableMs: Number.POSITIVE_INFINITY, factor: 1 };
const down: EndpointInput = { ...healthy, state: State.DOWN };

function specOf(endpoints: readonly Partial<EndpointSpec>[], changes: Partial<ClusterSpec> = {}): ClusterSpec {
  return createClusterSpec(0, { endpoints: endpoints.map((each, i) => createEndpointSpec(i, each)), ...changes });
}

/** Shares and members by group. */
function groupsOf(plan: Plan): [number, number[]][] {
  return plan.groups.map(({ share, members }) => [Math.round(share * 1000) / 1000, [...members]]);
}

test("a lower priority gets nothing while the first can carry the load, and its part when it cannot", () => {
  const spec = specOf([{}, {}, {}, {}, { priority: 1 }, { priority: 1 }]);
  const all = spec.endpoints.map(() => healthy);
  assert.deepEqual(groupsOf(buildPlan(spec, all)), [
    [1, [0, 1, 2, 3]],
    [0, [4, 5]],
  ]);
  // Half of the first level is healthy: 50 % x 1.4 = 70 % of the load.
  const half = [down, down, healthy, healthy, healthy, healthy];
  assert.deepEqual(groupsOf(buildPlan(spec, half)), [
    [0.7, [2, 3]],
    [0.3, [4, 5]],
  ]);
  const none = [down, down, down, down, healthy, healthy];
  assert.deepEqual(groupsOf(buildPlan(spec, none)), [[1, [4, 5]]]);
});

/** Weight by position. */
function weightsOf(plan: Plan): [number, number][] {
  return plan.groups.flatMap(({ members, weights }) => [...members].map((at, i): [number, number] => [at, weights[i]]));
}

test("zones share a level by their weights", () => {
  const locality = { mode: "weighted", own: "", weights: [{ zone: "b", weight: 3 }] } as const;
  const spec = specOf([{ zone: "a" }, { zone: "b" }, { zone: "a" }], { stages: createStagesSpec({ locality }) });
  assert.deepEqual(weightsOf(buildPlan(spec, [healthy, healthy, healthy])), [
    [0, 0.375],
    [1, 2.25],
    [2, 0.375],
  ]);
});

test("the own zone gets all that it can carry", () => {
  const locality = { mode: "nearest", own: "b", weights: [] } as const;
  const spec = specOf([{ zone: "a" }, { zone: "b" }], { stages: createStagesSpec({ locality }) });
  assert.deepEqual(weightsOf(buildPlan(spec, [healthy, healthy])), [[1, 2]]);
});

test("what endpoints report moves shares, but not which endpoints a subset has", () => {
  const subset = { size: 2, index: 1, of: 3 };
  const spec = specOf([{}, {}, {}, {}, {}], { stages: createStagesSpec({ subset }) });
  const of = (factors: readonly number[]) =>
    buildPlan(
      spec,
      factors.map((factor) => ({ ...healthy, factor })),
    ).groups[0];
  const [even, uneven] = [of([1, 1, 1, 1, 1]), of([1, 2, 3, 4, 5])];
  assert.deepEqual(uneven.members, even.members);
  assert.deepEqual(
    [...uneven.weights],
    [...even.weights].map((weight, i) => weight * (even.members[i] + 1)),
  );
});

test("a subset is the same whoever of it is down", () => {
  const subset = { size: 3, index: 1, of: 4 };
  const spec = specOf(
    Array.from({ length: 12 }, () => ({})),
    { stages: createStagesSpec({ subset }) },
  );
  const members = (inputs: EndpointInput[]) =>
    new Set(buildPlan(spec, inputs).groups.flatMap((group) => [...group.members]));
  const whole = members(spec.endpoints.map(() => healthy));
  assert.ok(whole.size >= 3 && whole.size < 12);
  const [first] = whole;
  const without = members(spec.endpoints.map((_, i) => (i === first ? down : healthy)));
  whole.delete(first);
  assert.deepEqual(without, whole);
});

test("shares add up, every usable endpoint of a level that is used has a place, and nobody else (property)", () => {
  const state = fc.constantFrom(0, State.UNKNOWN, State.DOWN, State.EJECTED, State.HELD, State.RETIRING);
  const endpoint = fc.record({ state, weight: fc.nat(3), priority: fc.nat(2), zone: fc.constantFrom("", "a", "b") });
  const modes = fc.constantFrom("ignore", "weighted", "nearest");
  fc.assert(
    fc.property(fc.array(endpoint, { minLength: 1, maxLength: 12 }), modes, fc.nat(100), (rows, mode, panicPercent) => {
      const stages = createStagesSpec({ locality: { mode, own: "a", weights: [] }, panicPercent });
      const spec = specOf(rows, { stages });
      const plan = buildPlan(
        spec,
        rows.map((row) => ({ ...healthy, state: row.state, weight: row.weight })),
      );
      const present = rows.filter((row) => row.weight > 0 && (row.state & (State.HELD | State.RETIRING)) === 0);
      const total = plan.groups.reduce((sum, { share }) => sum + share, 0);
      assert.ok(Math.abs(total - (present.length > 0 ? 1 : 0)) < 1e-9, `shares sum up to ${total}`);
      const seen = new Set<number>();
      for (const { members } of plan.groups) {
        assert.ok(members.length > 0);
        for (const at of members) {
          assert.ok(!seen.has(at), "nobody stands in two groups");
          seen.add(at);
          assert.ok(present.includes(rows[at]));
        }
      }
      const isBad = (at: number) => (rows[at].state & (State.DOWN | State.EJECTED)) !== 0;
      if (!plan.panic)
        for (const { share, members } of plan.groups) if (share > 0) assert.ok(![...members].some(isBad));
    }),
    { numRuns: 500 },
  );
});

test("requests are spread over groups by their shares, and a key stays in its group", () => {
  const spec = specOf([{}, {}, { priority: 1 }], { balance: createBalanceSpec("ring-hash") });
  const { cluster, table } = createLocalCluster(spec, createRandom(3), { onFailures: () => {} }, TIMELESS);
  table.mark("web", "e0", State.DOWN, 0);
  const query = new Query();
  const counts = [0, 0, 0];
  const places = new Map<number, number>();
  for (let key = 0; key < 10_000; key++) {
    query.reset(Math.imul(key, 0x9e3779b1) >>> 0);
    const endpoint = cluster.acquire(query)!;
    counts[endpoint.index]++;
    places.set(query.hash, endpoint.index);
    cluster.settle(endpoint, Outcome.OK, 0);
  }
  assert.equal(counts[0], 0);
  assert.ok(Math.abs(counts[1] - 7000) < 300, `${counts}`);
  for (const [hash, index] of places) {
    query.reset(hash);
    const endpoint = cluster.acquire(query)!;
    assert.equal(endpoint.index, index);
    cluster.settle(endpoint, Outcome.OK, 0);
  }
});

test("a full group hands over to the next", () => {
  const spec = specOf([{ maxConnections: 1 }, { priority: 1 }]);
  const { cluster } = createLocalCluster(spec, createRandom(1), { onFailures: () => {} }, TIMELESS);
  assert.deepEqual([cluster.acquire(new Query())?.id, cluster.acquire(new Query())?.id], ["e0", "e1"]);
});

test("a second try leaves a group in which all were tried", () => {
  const spec = specOf([{}, { priority: 1 }]);
  const { cluster } = createLocalCluster(spec, createRandom(1), { onFailures: () => {} }, TIMELESS);
  const query = new Query();
  assert.deepEqual([cluster.acquire(query)?.id, cluster.acquire(query)?.id], ["e0", "e1"]);
});

test("active requests of all groups count", () => {
  const { cluster, shared } = createLocalCluster(specOf([{}, {}]), createRandom(1), { onFailures: () => {} }, TIMELESS);
  const lease = cluster.acquire(new Query())!;
  assert.equal(shared.cells[lease.at + EndpointCell.ACTIVE], 1);
});
