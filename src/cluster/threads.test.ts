/**
 * The promise that is easiest to break: figures are exact for the process. Four real threads hammer one shared state
 * without any pause, and afterwards every sum has to be right to the last one.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createRandom } from "../base/random.js";
import { ClusterCell, EndpointCell } from "../model/cells.js";
import { Outcome } from "../model/outcome.js";
import { Query } from "../model/query.js";
import type { ClusterSpec } from "../model/spec.js";
import { TIMELESS } from "../testing/fake-clock.js";
import { createBalanceSpec, createClusterSpec, createEndpointSpec, NO_LIMITS } from "../testing/specs.js";
import { Cluster } from "./cluster.js";
import type { LiveEndpoint } from "./live-endpoint.js";
import type { Plan } from "./plan.js";
import { Planner } from "./planner.js";
import { clusterAt, createShared, endpointAt, SharedState } from "./shared.js";
import { type ClusterSlots, SlotTable } from "./slots.js";

const THREADS = 4;

interface Job {
  readonly buffer: SharedArrayBuffer;
  readonly spec: ClusterSpec;
  readonly slots: ClusterSlots;
  readonly plan: Plan;
  readonly worker: number;
  readonly picks: number;
  /** Leases kept open at once. */
  readonly depth: number;
  /** Of all picks; undefined = each has its own. */
  readonly key: number | undefined;
}

interface Tally {
  /** Acquired per endpoint. */
  readonly counts: number[];
  readonly refused: number;
  /** Highest ACTIVE seen of any endpoint, and highest RETRIES. */
  readonly highest: number;
  readonly highestRetries: number;
  /** The same of its connections, of those being made, and of its retries. */
  readonly highestOfEndpoint: readonly number[];
}

function hammer(job: Job): Tally {
  const shared = new SharedState(job.buffer);
  const events = { onFailures: () => {} };
  const cluster = new Cluster({ ...job, shared, random: createRandom(job.worker), events });
  const counts = new Array<number>(cluster.endpoints.length).fill(0);
  const query = new Query();
  const leases: LiveEndpoint<unknown>[] = [];
  let refused = 0;
  let highest = 0;
  let highestRetries = 0;
  const highestOfEndpoint = [0, 0, 0];
  for (let i = 0; i < job.picks; i++) {
    query.reset(job.key ?? i);
    query.repeats = cluster.beginRetry(query);
    if (query.repeats) {
      const retries = Atomics.load(shared.cells, clusterAt(job.slots.slot) + ClusterCell.RETRIES);
      highestRetries = Math.max(highestRetries, retries);
    }
    const lease = cluster.acquire(query);
    if (lease === undefined) refused++;
    else {
      counts[lease.index]++;
      highest = Math.max(highest, Atomics.load(shared.cells, lease.at + EndpointCell.ACTIVE));
      leases.push(lease);
      // Choosing passed over those that are full: only another thread can have taken the last place since.
      if (cluster.open(lease, query)) {
        const { CONNECTIONS, PENDING, RETRIES } = EndpointCell;
        [CONNECTIONS, PENDING, RETRIES].forEach((cell, row) => {
          highestOfEndpoint[row] = Math.max(highestOfEndpoint[row], Atomics.load(shared.cells, lease.at + cell));
        });
        cluster.opened(lease);
        cluster.closed(lease);
      }
    }
    if (query.repeats) cluster.endRetry(lease);
    if (leases.length >= job.depth || lease === undefined) {
      const oldest = leases.shift();
      if (oldest !== undefined) cluster.settle(oldest, i % 3 === 0 ? Outcome.RESET : Outcome.OK, 0);
    }
  }
  for (const lease of leases) cluster.settle(lease, Outcome.OK, 0);
  return { counts, refused, highest, highestRetries, highestOfEndpoint };
}

async function run(spec: ClusterSpec, picks: number, depth: number, key?: number) {
  const shared = createShared(THREADS);
  const table = new SlotTable(shared);
  const slots = table.assign([spec]).get(spec.name)!;
  const plan = new Planner({ table, clock: TIMELESS, onPlan: () => {}, onPanic: () => {} })
    .assign([spec])
    .get(spec.name)!;
  const tallies = await Promise.all(
    Array.from({ length: THREADS }, (_, worker) => {
      const job: Job = { buffer: shared.buffer, spec, slots, plan, worker, picks, depth, key };
      const thread = new Worker(new URL(import.meta.url), { workerData: job });
      return new Promise<Tally>((resolve, reject) => {
        thread.once("message", resolve);
        thread.once("error", reject);
      });
    }),
  );
  const figures = (cell: number) => [...slots.endpoints.values()].map((slot) => shared.cells[endpointAt(slot) + cell]);
  const active = figures(EndpointCell.ACTIVE);
  const { CONNECTIONS, PENDING, RETRIES } = EndpointCell;
  const left = [CONNECTIONS, PENDING, RETRIES].flatMap(figures);
  const counts = spec.endpoints.map((_, i) => tallies.reduce((sum, tally) => sum + tally.counts[i], 0));
  const retries = shared.cells[clusterAt(slots.slot) + ClusterCell.RETRIES];
  return { tallies, active, left, counts, retries };
}

function defineTests(): void {
  test("round robin over four threads is exactly even, and settling leaves nothing behind", async () => {
    const result = await run(createClusterSpec(5), 50_000, 4);
    assert.deepEqual(result.counts, [40_000, 40_000, 40_000, 40_000, 40_000]);
    assert.deepEqual(result.active, [0, 0, 0, 0, 0]);
    assert.equal(result.retries, 0);
  });

  test("weighted round robin over four threads follows the weights exactly", async () => {
    const endpoints = [1, 2, 5].map((weight, i) => createEndpointSpec(i, { weight }));
    const result = await run(createClusterSpec(0, { endpoints }), 40_000, 4);
    assert.deepEqual(result.counts, [20_000, 40_000, 100_000]);
  });

  test("four threads never exceed the connection limit, and lose no place", async () => {
    for (const balance of ["round-robin", "least-connections", "p2c"] as const) {
      const endpoints = [0, 1, 2].map((i) => createEndpointSpec(i, { maxConnections: 3 }));
      const { tallies, active } = await run(
        createClusterSpec(0, { endpoints, balance: createBalanceSpec(balance) }),
        30_000,
        8,
      );
      assert.ok(Math.max(...tallies.map((tally) => tally.highest)) <= 3, balance);
      // Not each of them: on a busy machine one may have stood still while the others held every place.
      assert.ok(tallies.some((tally) => tally.counts.some((count) => count > 0)));
      assert.deepEqual(active, [0, 0, 0]);
    }
  });

  test("four threads that all have one key never exceed the bound of bounded load", async () => {
    for (const policy of ["ring-hash", "maglev", "rendezvous"] as const) {
      const spec = createClusterSpec(4, { balance: createBalanceSpec(policy, { boundedLoad: 1.25 }) });
      const { tallies, active } = await run(spec, 30_000, 8, 7);
      // Each thread has up to 8 at once: a share of 8 for each of four endpoints.
      const highest = Math.max(...tallies.map((tally) => tally.highest));
      assert.ok(highest <= 10, `${policy}: ${highest}`);
      assert.deepEqual(active, [0, 0, 0, 0]);
    }
  });

  test("four threads never exceed what an endpoint may have of each kind, and lose no place", async () => {
    const perEndpoint = { connections: 2, pending: 1, requests: 3, retries: 2 };
    const spec = createClusterSpec(3, {
      limits: { ...NO_LIMITS, perEndpoint },
      retryBudget: { percent: 100, minimum: 9 },
      balance: createBalanceSpec("p2c"),
    });
    const { tallies, active, left } = await run(spec, 30_000, 8);
    for (const { highest, highestOfEndpoint } of tallies) {
      assert.ok(highest <= 3, `${highest} tries`);
      const [connections, pending, retries] = highestOfEndpoint;
      assert.ok(connections <= 2 && pending <= 1 && retries <= 2, `${highestOfEndpoint}`);
    }
    assert.ok(tallies.some(({ highestOfEndpoint }) => highestOfEndpoint.every((count) => count > 0)));
    assert.deepEqual([active, left], [new Array(3).fill(0), new Array(9).fill(0)]);
  });

  test("four threads together stay within the retry budget", async () => {
    const spec = createClusterSpec(2, { retryBudget: { percent: 0, minimum: 2 } });
    const { tallies, retries } = await run(spec, 30_000, 2);
    assert.ok(Math.max(...tallies.map((tally) => tally.highestRetries)) <= 2);
    assert.equal(retries, 0);
  });
}

if (isMainThread) defineTests();
else parentPort!.postMessage(hammer(workerData as Job));
