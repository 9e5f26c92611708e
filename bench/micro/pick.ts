/**
 * What choosing costs, per policy and number of endpoints: nanoseconds for the picker's choice alone and for acquire +
 * settle around it, and milliseconds for the tables, which the main thread builds when the set of endpoints changes. All are
 * CPU time, the best of some rounds: what another program on the machine takes is not the policy's. Arguments: policies.
 */

import { observe } from "../../src/balance/latency.js";
import { buildTables } from "../../src/balance/tables.js";
import { mix32 } from "../../src/base/hash.js";
import { createRandom } from "../../src/base/random.js";
import type { Cluster } from "../../src/cluster/cluster.js";
import { createLocalCluster } from "../../src/cluster/local-cluster.js";
import { Outcome } from "../../src/model/outcome.js";
import { Query } from "../../src/model/query.js";
import type { BalanceName } from "../../src/model/spec.js";
import { TIMELESS } from "../../src/testing/fake-clock.js";
import { createNodes, createPickerFor, createSetup } from "../../src/testing/nodes.js";
import { createBalanceSpec, createClusterSpec, createEndpointSpec } from "../../src/testing/specs.js";

const POLICIES: readonly BalanceName[] = [
  "round-robin",
  "random",
  "least-request",
  "p2c",
  "peak-ewma",
  "least-time",
  "prequal",
  "ring-hash",
  "maglev",
  "rendezvous",
];
const SIZES = [10, 100, 10_000];
const ROUNDS = 5;
/** Rendezvous asks every node for each pick: as many picks as this many questions allow. */
const QUESTIONS = 10_000_000;
const MOST_PICKS = 500_000;

/** CPU time since `start`, nanoseconds. */
function spent(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) * 1000;
}

const weightOf = (index: number): number => 1 + (index % 3);

function picksFor(policy: BalanceName, size: number): number {
  return policy === "rendezvous" ? Math.min(MOST_PICKS, QUESTIONS / size) : MOST_PICKS;
}

/** The picker alone. Every node has answered before and some have requests under way. */
function timePicks(policy: BalanceName, size: number): number {
  const nodes = createNodes(Array.from({ length: size }, (_, i) => weightOf(i)));
  const setup = createSetup(nodes, 1);
  const spec = createBalanceSpec(policy);
  for (const node of nodes) {
    observe(setup.cells, node.at, 1 + (node.slot % 7), mix32(node.slot) % 5000, spec.decayMs);
    setup.cells[node.at] = mix32(node.slot) % 4;
  }
  const picker = createPickerFor(spec, nodes, setup);
  const query = new Query();
  const picks = picksFor(policy, size);
  const start = process.cpuUsage();
  for (let i = 0; i < picks; i++) {
    query.reset(mix32(i));
    query.now = 5000 + (i >> 8);
    // As under load: what was picked has one more under way, one less a moment later.
    setup.cells[picker.pick(query)!.at] ^= 1;
  }
  return spent(start) / picks;
}

function createCluster(balance: BalanceName, size: number): Cluster {
  const endpoints = Array.from({ length: size }, (_, i) => createEndpointSpec(i, { weight: weightOf(i) }));
  const spec = createClusterSpec(0, { endpoints, balance: createBalanceSpec(balance) });
  return createLocalCluster(spec, createRandom(1), { onFailures: () => {} }, TIMELESS).cluster;
}

/** Keeps some leases open, so that loads differ. */
function timeLeases(policy: BalanceName, size: number): number {
  const cluster = createCluster(policy, size);
  const query = new Query();
  const open = Array.from({ length: 16 }, () => cluster.acquire(query)!);
  const picks = picksFor(policy, size);
  const start = process.cpuUsage();
  for (let i = 0; i < picks; i++) {
    query.reset(mix32(i));
    cluster.settle(open[i & 15], Outcome.OK, 0);
    open[i & 15] = cluster.acquire(query)!;
  }
  const nanoseconds = spent(start);
  for (const lease of open) cluster.settle(lease, Outcome.OK, 0);
  return nanoseconds / picks;
}

function timeTables(policy: BalanceName, size: number): number {
  const members = Array.from({ length: size }, (_, i) => ({ id: `10.${i >> 8}.0.${i & 255}:80`, weight: weightOf(i) }));
  const start = process.cpuUsage();
  buildTables(createBalanceSpec(policy), members, size * 2);
  return spent(start) / 1e6;
}

function best(time: () => number): number {
  return Math.min(...Array.from({ length: ROUNDS }, time));
}

console.log("policy         endpoints   ns/pick   ns/acquire+settle   ms/tables");
const named = process.argv.slice(2);
for (const policy of POLICIES.filter((name) => named.length === 0 || named.includes(name))) {
  for (const size of SIZES) {
    const pick = best(() => timePicks(policy, size));
    const lease = best(() => timeLeases(policy, size));
    const tables = best(() => timeTables(policy, size));
    const figures = [pick.toFixed(0).padStart(9), lease.toFixed(0).padStart(19), tables.toFixed(2).padStart(11)];
    console.log(`${policy.padEnd(14)} ${String(size).padStart(9)} ${figures.join(" ")}`);
  }
}
