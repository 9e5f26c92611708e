/** What choosing costs: nanoseconds per acquire + settle, per policy and number of endpoints, and per rebuild of a picker. */

import { mix32 } from "../../src/base/hash.js";
import { createRandom } from "../../src/base/random.js";
import type { Cluster } from "../../src/cluster/cluster.js";
import { createLocalCluster } from "../../src/cluster/local-cluster.js";
import type { SlotTable } from "../../src/cluster/slots.js";
import { State } from "../../src/model/cells.js";
import { Outcome } from "../../src/model/outcome.js";
import { Query } from "../../src/model/query.js";
import type { BalanceName } from "../../src/model/spec.js";
import { TIMELESS } from "../../src/testing/fake-clock.js";
import { createBalanceSpec, createClusterSpec, createEndpointSpec } from "../../src/testing/specs.js";

const POLICIES: readonly BalanceName[] = ["round-robin", "random", "least-request", "p2c", "source-address"];
const SIZES = [10, 100, 1000];
const ROUNDS = 5;
const PICKS = 1_000_000;

function createCluster(balance: BalanceName, size: number) {
  const endpoints = Array.from({ length: size }, (_, i) => createEndpointSpec(i, { weight: 1 + (i % 3) }));
  const spec = createClusterSpec(0, { endpoints, balance: createBalanceSpec(balance) });
  return createLocalCluster(spec, createRandom(1), { onFailures: () => {} }, TIMELESS);
}

/** Keeps some leases open, so that loads differ. */
function pickAndSettle(cluster: Cluster, picks: number): number {
  const query = new Query();
  const open = Array.from({ length: 16 }, () => cluster.acquire(query)!);
  const start = process.hrtime.bigint();
  for (let i = 0; i < picks; i++) {
    query.reset(mix32(i));
    cluster.settle(open[i & 15], Outcome.OK, 0);
    open[i & 15] = cluster.acquire(query)!;
  }
  const nanoseconds = Number(process.hrtime.bigint() - start);
  for (const lease of open) cluster.settle(lease, Outcome.OK, 0);
  return nanoseconds / picks;
}

/** One state change, the plan that follows from it, and the pick that obeys it. */
function rebuild(cluster: Cluster, table: SlotTable): number {
  const query = new Query();
  const changes = 20;
  const start = process.hrtime.bigint();
  for (let i = 0; i < changes; i++) {
    table.mark("web", "e0", i % 2 === 0 ? State.DOWN : 0, State.DOWN);
    cluster.settle(cluster.acquire(query)!, Outcome.OK, 0);
  }
  return Number(process.hrtime.bigint() - start) / changes / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

console.log("policy            endpoints   ns/acquire+settle   us/rebuild");
for (const balance of POLICIES) {
  for (const size of SIZES) {
    const { cluster, table } = createCluster(balance, size);
    const picks = Array.from({ length: ROUNDS }, () => pickAndSettle(cluster, PICKS));
    const rebuilds = Array.from({ length: ROUNDS }, () => rebuild(cluster, table));
    const row = [balance.padEnd(17), String(size).padStart(9), median(picks).toFixed(0).padStart(19)];
    console.log(`${row.join(" ")} ${median(rebuilds).toFixed(0).padStart(12)}`);
  }
}
