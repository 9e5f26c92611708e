/** The policy folders together, as the process joins them: workers' clusters, the slot table, and the health monitor. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../src/base/random.js";
import { Cluster, type ClusterEvents } from "../src/cluster/cluster.js";
import { Planner } from "../src/cluster/planner.js";
import { createShared } from "../src/cluster/shared.js";
import { SlotTable } from "../src/cluster/slots.js";
import { HealthMonitor } from "../src/health/io/monitor.js";
import { Outcome } from "../src/model/outcome.js";
import { Query } from "../src/model/query.js";
import { FakeClock } from "../src/testing/fake-clock.js";
import { createClusterSpec, createHealthSpec } from "../src/testing/specs.js";

function createProcess(dead: ReadonlySet<number>) {
  const clock = new FakeClock();
  const shared = createShared(2);
  const board: SlotTable = new SlotTable(shared, (cluster) => planner.changed(cluster));
  const planner = new Planner({
    table: board,
    clock,
    onPlan: (_, plan) => {
      for (const cluster of clusters) cluster.follow(plan);
    },
    onPanic: () => {},
  });
  const spec = createClusterSpec(3, { health: [createHealthSpec()] });
  const slots = board.assign([spec]).get("web")!;
  const plan = planner.assign([spec]).get("web")!;
  const monitor = new HealthMonitor({
    board,
    clock,
    random: createRandom(1),
    maxProbes: 8,
    sampler: () => undefined,
    probe: (address, _check, _timeoutMs, done) => {
      const ok = address.family !== "unix" && !dead.has(address.port - 9000);
      return clock.after(1, () => done({ ok, reason: ok ? "connected" : "connect refused", latencyMs: 1 }));
    },
    onEvent: () => {},
  });
  monitor.update([spec]);
  const events: ClusterEvents = {
    onFailures: (cluster, endpoint, row) => monitor.reportFailures(cluster, endpoint, row),
  };
  const clusters = [0, 1].map(
    (worker) => new Cluster({ spec, slots, plan, shared, worker, random: createRandom(worker), events }),
  );
  return { clock, clusters };
}

/** Ids that a cluster picks in one rotation. */
function picked(cluster: Cluster, outcome: (id: string) => (typeof Outcome)[keyof typeof Outcome]): string[] {
  const ids = Array.from({ length: 6 }, () => {
    const endpoint = cluster.acquire(new Query())!;
    cluster.settle(endpoint, outcome(endpoint.id), 0);
    return endpoint.id;
  });
  return [...new Set(ids)].sort();
}

test("an endpoint that checks find dead is left by every worker, and taken back when it answers", () => {
  const dead = new Set([1]);
  const { clock, clusters } = createProcess(dead);
  assert.deepEqual(
    picked(clusters[0], () => Outcome.OK),
    ["e0", "e1", "e2"],
  );
  clock.advance(1000);
  for (const cluster of clusters)
    assert.deepEqual(
      picked(cluster, () => Outcome.OK),
      ["e0", "e2"],
    );
  dead.clear();
  clock.advance(1000);
  for (const cluster of clusters)
    assert.deepEqual(
      picked(cluster, () => Outcome.OK),
      ["e0", "e1", "e2"],
    );
});

test("failures that two workers see add up to an ejection that both obey until it is over", () => {
  const { clock, clusters } = createProcess(new Set());
  clock.advance(100);
  const failing = (id: string) => (id === "e2" ? Outcome.RESET : Outcome.OK);
  for (let i = 0; i < 4; i++) picked(clusters[i % 2], failing);
  for (const cluster of clusters) assert.deepEqual(picked(cluster, failing), ["e0", "e1"]);
  clock.advance(30_000);
  for (const cluster of clusters)
    assert.deepEqual(
      picked(cluster, () => Outcome.OK),
      ["e0", "e1", "e2"],
    );
});
