import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom } from "../base/random.js";
import { ClusterCell, EndpointCell, State } from "../model/cells.js";
import { Outcome } from "../model/outcome.js";
import { Limit, Query } from "../model/query.js";
import type { ClusterSpec } from "../model/spec.js";
import { TIMELESS } from "../testing/fake-clock.js";
import { createBalanceSpec, createClusterSpec, createEndpointSpec, NO_LIMITS } from "../testing/specs.js";
import type { Cluster } from "./cluster.js";
import { createLocalCluster } from "./local-cluster.js";
import { buildPlan } from "./plan.js";
import { clusterAt } from "./shared.js";

function createFixture(spec: ClusterSpec) {
  const failed: string[] = [];
  const events = { onFailures: (_: string, endpoint: string) => failed.push(endpoint) };
  const { cluster, table, shared } = createLocalCluster(spec, createRandom(1), events, TIMELESS);
  const slot = table.assign([spec]).get(spec.name)!.slot;
  const figure = (index: number, offset: number): number => shared.cells[cluster.endpoints[index].at + offset];
  const clusterFigure = (offset: number): number => shared.cells[clusterAt(slot) + offset];
  return { shared, table, cluster, failed, figure, clusterFigure };
}

/** With everybody healthy. */
function planOf(spec: ClusterSpec) {
  return buildPlan(
    spec,
    spec.endpoints.map(({ weight }) => ({
      state: 0,
      weight,
      maxActive: 0,
      usableMs: Number.POSITIVE_INFINITY,
      factor: 1,
    })),
  );
}

function acquireId(cluster: Cluster): string | undefined {
  return cluster.acquire(new Query())?.id;
}

test("an acquired endpoint counts as active until it is settled", () => {
  const { cluster, figure } = createFixture(createClusterSpec(1));
  const endpoint = cluster.acquire(new Query())!;
  assert.equal(figure(0, EndpointCell.ACTIVE), 1);
  cluster.settle(endpoint, Outcome.OK, 0);
  assert.equal(figure(0, EndpointCell.ACTIVE), 0);
});

test("settling all leases restores every count, whatever the outcomes", () => {
  const outcomes = Object.values(Outcome);
  fc.assert(
    fc.property(fc.array(fc.nat(outcomes.length - 1), { maxLength: 100 }), (rows) => {
      const { cluster, shared, figure } = createFixture(createClusterSpec(3));
      const leases = rows.map(() => cluster.acquire(new Query())!);
      for (const lease of leases) {
        cluster.open(lease, new Query());
        cluster.opened(lease);
      }
      rows.forEach((row, i) => {
        cluster.closed(leases[i]);
        cluster.settle(leases[i], outcomes[row], 0);
      });
      for (let i = 0; i < 3; i++) {
        assert.equal(figure(i, EndpointCell.ACTIVE), 0);
        assert.equal(figure(i, EndpointCell.CONNECTIONS), 0);
      }
      assert.ok(shared.held(0).every((held) => held === 0));
    }),
  );
});

test("a down, ejected or draining endpoint is never acquired while another is usable", () => {
  const states = [0, State.UNKNOWN, State.DOWN, State.EJECTED, State.HELD, State.DOWN | State.EJECTED];
  const balances = ["round-robin", "random", "least-request", "p2c", "source-address"] as const;
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...states), { minLength: 1, maxLength: 10 }),
      fc.constantFrom(...balances),
      (bits, balance) => {
        const { cluster, table } = createFixture(
          createClusterSpec(bits.length + 1, { balance: createBalanceSpec(balance) }),
        );
        bits.forEach((set, i) => {
          table.mark("web", `e${i}`, set, State.UNKNOWN);
        });
        for (let i = 0; i < 30; i++) {
          const endpoint = cluster.acquire(new Query())!;
          const state = bits[endpoint.index] ?? 0;
          assert.ok(state === 0 || state === State.UNKNOWN, `state ${state} was picked`);
        }
      },
    ),
  );
});

test("when every endpoint is bad all but the draining are used, and the picks are counted as panic", () => {
  const { cluster, table, clusterFigure } = createFixture(createClusterSpec(3));
  table.mark("web", "e0", State.DOWN, 0);
  table.mark("web", "e1", State.EJECTED, 0);
  table.mark("web", "e2", State.RETIRING, 0);
  const ids = new Set([acquireId(cluster), acquireId(cluster), acquireId(cluster), acquireId(cluster)]);
  assert.deepEqual(ids, new Set(["e0", "e1"]));
  assert.equal(cluster.panicking, true);
  assert.equal(clusterFigure(ClusterCell.PANIC_PICKS), 4);
  table.mark("web", "e0", 0, State.DOWN);
  assert.equal(acquireId(cluster), "e0");
  assert.equal(cluster.panicking, false);
});

test("a cluster without an endpoint that may be used refuses with NO_ENDPOINT", () => {
  for (const spec of [
    createClusterSpec(0),
    createClusterSpec(0, { endpoints: [createEndpointSpec(0, { weight: 0 })] }),
  ]) {
    const query = new Query();
    assert.equal(createFixture(spec).cluster.acquire(query), undefined);
    assert.equal(query.refusal, "NO_ENDPOINT");
  }
});

test("a full endpoint is passed over, and when all are full the refusal is OVERLOADED", () => {
  const endpoints = [createEndpointSpec(0, { maxConnections: 1 }), createEndpointSpec(1, { maxConnections: 2 })];
  const { cluster } = createFixture(createClusterSpec(0, { endpoints }));
  const leases = [0, 1, 2].map(() => cluster.acquire(new Query())!);
  assert.deepEqual(leases.map((lease) => lease.id).sort(), ["e0", "e1", "e1"]);
  const query = new Query();
  assert.equal(cluster.acquire(query), undefined);
  assert.equal(query.refusal, "OVERLOADED");
  cluster.settle(leases[0], Outcome.OK, 0);
  assert.equal(cluster.acquire(query)?.id, leases[0].id);
});

test("a second try goes to another endpoint", () => {
  const { cluster } = createFixture(createClusterSpec(2, { balance: createBalanceSpec("source-address") }));
  const query = new Query();
  query.reset(12345);
  const first = cluster.acquire(query)!;
  assert.notEqual(cluster.acquire(query)?.id, first.id);
  query.reset(12345);
  assert.equal(cluster.acquire(query)?.id, first.id);
});

test("the endpoint that persistence asks for is taken unless it is bad, full or was tried", () => {
  const endpoints = [0, 1, 2, 3].map((i) => createEndpointSpec(i, { maxConnections: 1 }));
  const { cluster, table } = createFixture(createClusterSpec(0, { endpoints }));
  const query = new Query();
  const ask = () => {
    query.reset(0);
    query.preferred = 3;
    return cluster.acquire(query)!;
  };
  const first = ask();
  assert.equal(first.id, "e3");
  assert.notEqual(ask().id, "e3", "it is full");
  cluster.settle(first, Outcome.OK, 0);
  const again = ask();
  assert.equal(again.id, "e3");
  cluster.settle(again, Outcome.RESET, 0);
  assert.notEqual(cluster.acquire(query)?.id, "e3", "it was tried");
  table.mark("web", "e3", State.HELD, 0);
  const held = ask();
  assert.equal(held.id, "e3", "one that drains keeps its sessions");
  cluster.settle(held, Outcome.OK, 0);
  table.mark("web", "e3", State.DOWN, 0);
  assert.notEqual(ask().id, "e3", "it is down");
});

test("an endpoint of which an agent wants half a share gets it, and one of which it wants none gets nothing", () => {
  const { cluster, table } = createFixture(createClusterSpec(3));
  table.scaleWeight("web", "e1", 50);
  table.scaleWeight("web", "e2", 0);
  const ids = Array.from({ length: 300 }, () => acquireId(cluster));
  assert.deepEqual([ids.filter((id) => id === "e0").length, ids.filter((id) => id === "e1").length], [200, 100]);
});

test("an endpoint whose agent wants no more than so many at once gets no more", () => {
  const { cluster, table } = createFixture(createClusterSpec(2));
  table.limitActive("web", "e1", 2);
  const ids = Array.from({ length: 10 }, () => acquireId(cluster));
  assert.equal(ids.filter((id) => id === "e1").length, 2);
});

test("a connection that was established ends a row of failures while it lasts", () => {
  const { cluster, failed } = createFixture(createClusterSpec(1));
  const fail = (times: number): void => {
    for (let i = 0; i < times; i++) cluster.settle(cluster.acquire(new Query())!, Outcome.CONNECT_FAILED, 0);
  };
  fail(4);
  cluster.connected(cluster.acquire(new Query())!, 1, 0);
  fail(4);
  assert.deepEqual(failed, []);
  fail(1);
  assert.equal(failed.length, 1);
});

test("failures in a row are reported at the limit and at its multiples, and a success starts afresh", () => {
  const { cluster, failed, figure } = createFixture(createClusterSpec(1));
  const settle = (outcome: (typeof Outcome)[keyof typeof Outcome], times: number): void => {
    for (let i = 0; i < times; i++) cluster.settle(cluster.acquire(new Query())!, outcome, 0);
  };
  settle(Outcome.CONNECT_FAILED, 4);
  settle(Outcome.ABORTED, 1);
  assert.deepEqual(failed, []);
  settle(Outcome.BAD_STATUS, 1);
  assert.deepEqual(failed, ["e0"]);
  settle(Outcome.RESET, 5);
  assert.deepEqual(failed, ["e0", "e0"]);
  settle(Outcome.OK, 1);
  assert.equal(figure(0, EndpointCell.FAILURES), 0);
  settle(Outcome.TIMEOUT, 4);
  assert.deepEqual(failed, ["e0", "e0"]);
});

test("failures of an endpoint that is out already are not reported", () => {
  const { cluster, table, failed } = createFixture(createClusterSpec(1));
  table.mark("web", "e0", State.EJECTED, 0);
  for (let i = 0; i < 10; i++) cluster.settle(cluster.acquire(new Query())!, Outcome.RESET, 0);
  assert.deepEqual(failed, []);
});

test("retries never exceed their share of active requests, nor do they fall below none", () => {
  const steps = fc.array(fc.constantFrom("acquire", "settle", "begin", "end"), { maxLength: 200 });
  fc.assert(
    fc.property(steps, fc.nat(100), fc.nat(3), (script, percent, minimum) => {
      const { cluster, clusterFigure } = createFixture(createClusterSpec(3, { retryBudget: { percent, minimum } }));
      const leases: NonNullable<ReturnType<typeof cluster.acquire>>[] = [];
      let retries = 0;
      for (const step of script) {
        if (step === "acquire") leases.push(cluster.acquire(new Query())!);
        else if (step === "settle" && leases.length > 0) cluster.settle(leases.pop()!, Outcome.OK, 0);
        else if (step === "begin") {
          const allowed = retries < minimum || (retries + 1) * 100 <= leases.length * percent;
          assert.equal(cluster.beginRetry(new Query()), allowed);
          if (allowed) retries++;
        } else if (step === "end" && retries > 0) {
          cluster.endRetry(undefined);
          retries--;
        }
        assert.equal(clusterFigure(ClusterCell.RETRIES), retries);
      }
    }),
  );
});

test("a retry is refused where every endpoint has as many as it may, and otherwise goes where it may", () => {
  const perEndpoint = { ...NO_LIMITS, retries: 1 };
  const { cluster, figure } = createFixture(
    createClusterSpec(2, { limits: { ...NO_LIMITS, perEndpoint }, retryBudget: { percent: 100, minimum: 9 } }),
  );
  const retry = () => {
    const query = new Query();
    query.repeats = cluster.beginRetry(query);
    return { query, endpoint: query.repeats ? cluster.acquire(query)! : undefined };
  };
  const [first, second, third] = [retry(), retry(), retry()];
  assert.notEqual(first.endpoint, second.endpoint);
  assert.equal(third.endpoint, undefined);
  assert.equal(third.query.limit, Limit.ENDPOINT_RETRIES);
  cluster.giveBack(first.endpoint!, first.query);
  cluster.endRetry(undefined);
  assert.equal(figure(first.endpoint!.index, EndpointCell.RETRIES), 0);
  assert.equal(retry().endpoint, first.endpoint);
});

test("an endpoint that is out has no room for retries", () => {
  const perEndpoint = { ...NO_LIMITS, retries: 1 };
  const { cluster, table } = createFixture(
    createClusterSpec(2, { limits: { ...NO_LIMITS, perEndpoint }, retryBudget: { percent: 100, minimum: 9 } }),
  );
  table.mark("web", "e1", State.DOWN, 0);
  const query = new Query();
  query.repeats = cluster.beginRetry(query);
  assert.equal(cluster.acquire(query)?.id, "e0");
  assert.equal(cluster.beginRetry(query), false);
  assert.equal(query.limit, Limit.ENDPOINT_RETRIES);
});

test("when every endpoint is full the query says in which respect", () => {
  const perEndpoint = { connections: 1, pending: 1, requests: 2, retries: 0 };
  const { cluster } = createFixture(createClusterSpec(1, { limits: { ...NO_LIMITS, perEndpoint } }));
  const query = new Query();
  const refusedBy = () => {
    assert.equal(cluster.acquire(query), undefined);
    assert.equal(query.refusal, "OVERLOADED");
    return query.limit;
  };
  const lease = cluster.acquire(query)!;
  assert.equal(cluster.open(lease, query), true);
  assert.equal(refusedBy(), Limit.ENDPOINT_CONNECTIONS);
  lease.idle = 1;
  const other = cluster.acquire(query)!;
  assert.equal(other, lease, "an idle connection serves as well as a new one");
  assert.equal(refusedBy(), Limit.ENDPOINTS);
  assert.equal(cluster.open(lease, query), false, "as where another thread was faster");
  assert.equal(query.limit, Limit.ENDPOINT_CONNECTIONS);
});

test("what a worker that died still held can be taken back", () => {
  const { cluster, shared, figure, clusterFigure } = createFixture(createClusterSpec(2));
  cluster.settle(cluster.acquire(new Query())!, Outcome.OK, 0);
  cluster.open(cluster.acquire(new Query())!, new Query());
  const retry = new Query();
  retry.repeats = cluster.beginRetry(retry);
  cluster.acquire(retry);
  assert.equal(clusterFigure(ClusterCell.ACTIVE), 2);
  shared.reclaim(0);
  for (const index of [0, 1]) {
    const { ACTIVE, CONNECTIONS, PENDING, RETRIES } = EndpointCell;
    for (const cell of [ACTIVE, CONNECTIONS, PENDING, RETRIES]) assert.equal(figure(index, cell), 0);
  }
  assert.equal(clusterFigure(ClusterCell.RETRIES), 0);
  assert.equal(clusterFigure(ClusterCell.ACTIVE), 0);
});

test("following a new spec keeps the live objects of what stays, and gives back those of what went or moved", () => {
  const spec = createClusterSpec(3);
  const { cluster, table } = createFixture(spec);
  const [first, second, third] = cluster.endpoints;
  first.data = "mine";
  const lease = cluster.acquire(new Query())!;
  const next = createClusterSpec(0, {
    balance: createBalanceSpec("source-address"),
    endpoints: [
      createEndpointSpec(3),
      createEndpointSpec(0, { weight: 5 }),
      createEndpointSpec(1, { address: { family: "ip4", host: "127.0.0.1", port: 1 } }),
    ],
  });
  const left = cluster.update(next, table.assign([next]).get("web")!, planOf(next));
  table.commit();
  assert.deepEqual(left, [second, third]);
  assert.deepEqual(
    cluster.endpoints.map(({ id, index }) => [id, index]),
    [
      ["e3", 0],
      ["e0", 1],
      ["e1", 2],
    ],
  );
  assert.equal(cluster.endpoints[1], first, "a reweighted endpoint is the same object");
  assert.equal(first.data, "mine");
  assert.equal(cluster.usesHash, true);
  assert.equal(first.weight, 5);
  cluster.settle(lease, Outcome.OK, 0);
});

test("leases on endpoints that left are settled as any other", () => {
  const { cluster, table, shared, clusterFigure } = createFixture(createClusterSpec(3));
  const leases = [1, 2, 3].map(() => cluster.acquire(new Query())!);
  for (const lease of leases) {
    cluster.open(lease, new Query());
    cluster.opened(lease);
  }
  const next = createClusterSpec(1);
  cluster.update(next, table.assign([next]).get("web")!, planOf(next));
  table.commit();
  for (const lease of leases) {
    cluster.closed(lease);
    cluster.settle(lease, Outcome.OK, 0);
  }
  assert.equal(clusterFigure(ClusterCell.ACTIVE), 0);
  assert.ok(shared.held(0).every((held) => held === 0));
});

test("policies that weigh latency learn from answers and failures, others need not", () => {
  for (const policy of ["round-robin", "peak-ewma", "least-time", "prequal"] as const) {
    const { cluster, figure } = createFixture(createClusterSpec(3, { balance: createBalanceSpec(policy) }));
    const [fast, overloaded, broken] = cluster.endpoints;
    cluster.answered(fast, 200, 3, 10);
    cluster.answered(overloaded, 503, 0.1, 10);
    cluster.settle(broken, Outcome.RESET, 10);
    const known = [0, 1, 2].map((index) => figure(index, EndpointCell.LATENCY));
    assert.deepEqual(known, policy === "round-robin" ? [0, 0, 0] : [3000, 1_000_000, 1_000_000], policy);
  }
});
