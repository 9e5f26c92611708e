import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../base/random.js";
import { createLocalCluster } from "../../cluster/local-cluster.js";
import { Planner } from "../../cluster/planner.js";
import { State } from "../../model/cells.js";
import { Query } from "../../model/query.js";
import type { ClusterSpec } from "../../model/spec.js";
import { FakeClock } from "../../testing/fake-clock.js";
import { createBalanceSpec, createClusterSpec, createEndpointSpec, NO_LIMITS } from "../../testing/specs.js";
import { explainChoice } from "./explain-choice.js";
import type { Standpoint } from "./standpoint.js";

/** A cluster in use, and where to look at it from. */
function createFixture(spec: ClusterSpec) {
  const clock = new FakeClock();
  const local = createLocalCluster(spec, createRandom(1), { onFailures: () => {} }, clock);
  const standpoint = (): Standpoint => {
    clock.advance(1);
    const plan = new Planner({ table: local.table, clock, onPlan: () => {}, onPanic: () => {} })
      .assign([spec])
      .get(spec.name)!;
    const slots = local.table.slotsOf(spec.name)!;
    const reasonOf = (endpoint: string) => `reason of ${endpoint}`;
    return { spec, slots, plan, shared: local.shared, live: true, now: clock.now(), reasonOf };
  };
  return { ...local, standpoint };
}

test("each candidate shows its state and load, and why it is out", () => {
  const endpoints = [0, 1, 2, 3, 4, 5].map((i) =>
    createEndpointSpec(i, { maxConnections: 2, weight: i === 5 ? 0 : 1 }),
  );
  const spec = createClusterSpec(0, { endpoints, balance: createBalanceSpec("least-request") });
  const { cluster, table, standpoint } = createFixture(spec);
  for (let i = 0; i < 11; i++) cluster.acquire(new Query());
  table.mark("web", "e1", State.DOWN, State.UNKNOWN);
  table.mark("web", "e2", State.EJECTED, State.UNKNOWN);
  table.mark("web", "e3", State.HELD, 0);
  const at = standpoint();
  cluster.settle(cluster.endpoints[4], 0, 0);
  const { candidates, pick, panic } = explainChoice(at, -1, 1);
  assert.deepEqual(
    candidates.map(({ id, state, active, score, excluded }) => [id, state, active, score, excluded]),
    [
      ["e0", "unknown", 2, 2, "full: 2 of 2 active"],
      ["e1", "down", 2, undefined, "down: reason of e1"],
      ["e2", "ejected", 2, undefined, "ejected: reason of e2"],
      ["e3", "draining", 2, undefined, "drained by an operator: reason of e3"],
      ["e4", "unknown", 1, 1, undefined],
      ["e5", "draining", 0, undefined, "its weight is 0"],
    ],
  );
  assert.deepEqual([pick, panic], ["e4", false]);
});

test("an endpoint without a connection to spare is out, unless one is idle", () => {
  const perEndpoint = { ...NO_LIMITS, connections: 2 };
  const { cluster, standpoint } = createFixture(createClusterSpec(1, { limits: { ...NO_LIMITS, perEndpoint } }));
  const [endpoint] = cluster.endpoints;
  const excluded = () => explainChoice(standpoint(), -1, 1).candidates[0].excluded;
  const query = new Query();
  cluster.acquire(query);
  cluster.open(endpoint, query);
  cluster.open(endpoint, query);
  assert.equal(excluded(), undefined, "one of two is idle");
  endpoint.idle = 1;
  cluster.acquire(query);
  assert.equal(excluded(), "full: 2 of 2 connections");
});

test("explaining takes no turn and counts nothing", () => {
  const { cluster, shared, standpoint } = createFixture(createClusterSpec(3));
  cluster.acquire(new Query());
  const before = shared.cells.slice();
  const explained = explainChoice(standpoint(), -1, 1).pick;
  assert.deepEqual(shared.cells, before);
  assert.equal(cluster.acquire(new Query())!.id, explained, "whose turn was explained is whose turn it is");
});

test("chances follow the policy, and the same seed gives the same pick", () => {
  const endpoints = [createEndpointSpec(0, { weight: 3 }), createEndpointSpec(1)];
  const spec = createClusterSpec(0, { endpoints, balance: createBalanceSpec("random") });
  const { standpoint } = createFixture(spec);
  const { candidates } = explainChoice(standpoint(), -1, 1);
  assert.ok(Math.abs(candidates[0].chance - 0.75) < 0.06, `${candidates[0].chance}`);
  const picks = Array.from({ length: 20 }, (_, seed) => explainChoice(standpoint(), -1, seed).pick);
  assert.deepEqual(
    picks,
    Array.from({ length: 20 }, (_, seed) => explainChoice(standpoint(), -1, seed).pick),
  );
  assert.equal(new Set(picks).size, 2);
});

test("where none can be had it says why, and panic is told", () => {
  const full = createFixture(createClusterSpec(0, { endpoints: [createEndpointSpec(0, { maxConnections: 1 })] }));
  full.cluster.acquire(new Query());
  const { pick, refusal } = explainChoice(full.standpoint(), -1, 1);
  assert.deepEqual([pick, refusal], [undefined, "OVERLOADED"]);
  const bad = createFixture(createClusterSpec(1));
  bad.table.mark("web", "e0", State.DOWN, 0);
  const choice = explainChoice(bad.standpoint(), -1, 1);
  assert.deepEqual([choice.panic, choice.pick], [true, "e0"]);
});

test("a priority that is not needed is told", () => {
  const endpoints = [createEndpointSpec(0), createEndpointSpec(1, { priority: 1 })];
  const { candidates } = explainChoice(createFixture(createClusterSpec(0, { endpoints })).standpoint(), -1, 1);
  assert.equal(candidates[1].excluded, "priority 1 is not needed");
});
