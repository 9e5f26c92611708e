import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom } from "../base/random.js";
import { ClusterCell } from "../model/cells.js";
import { Limit, Query } from "../model/query.js";
import type { EndpointBreakerSpec } from "../model/spec.js";
import { createClusterSpec, NO_LIMITS } from "../testing/specs.js";
import { Admission } from "./admission.js";
import { clusterAt, createShared } from "./shared.js";

const SLOT = 3;

function createFixture(limits: Partial<EndpointBreakerSpec>, workers = 2) {
  const shared = createShared(workers);
  const spec = createClusterSpec(1, {
    limits: { ...NO_LIMITS, ...limits, perEndpoint: NO_LIMITS },
    retryBudget: { percent: 100, minimum: 100 },
  });
  const admissions = Array.from({ length: workers }, (_, worker) => {
    return new Admission(shared.cells, shared.held(worker), SLOT, spec, createRandom(1));
  });
  const figure = (cell: number): number => shared.cells[clusterAt(SLOT) + cell];
  return { shared, admissions, figure };
}

test("no limit is ever exceeded by all workers together, and none refuses below it", () => {
  const takes = {
    requests: [ClusterCell.ACTIVE, (a: Admission) => a.enter(), (a: Admission) => a.leave()],
    connections: [ClusterCell.CONNECTIONS, (a: Admission) => a.connect(new Query()), (a: Admission) => a.disconnect()],
    adaptive: [ClusterCell.ACTIVE, (a: Admission) => a.enter(), (a: Admission) => a.leave()],
    retries: [ClusterCell.RETRIES, (a: Admission) => a.beginRetry(new Query()), (a: Admission) => a.endRetry()],
  } as const;
  for (const [name, [cell, take, giveBack]] of Object.entries(takes)) {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(fc.tuple(fc.nat(1), fc.boolean())), (limit, steps) => {
        const { admissions, figure } = createFixture(name === "adaptive" ? {} : { [name]: limit });
        if (name === "adaptive") {
          const adaptive = { min: limit, max: limit, tolerance: 0.25, windowMs: 1, intervalMs: 1000 };
          for (const admission of admissions) admission.spec = { ...admission.spec, adaptive };
        }
        const held = [0, 0];
        for (const [worker, taking] of steps) {
          const count = held[0] + held[1];
          if (taking) {
            const taken = take(admissions[worker]);
            assert.equal(taken, count < limit, `${name}: one more beside ${count} of ${limit}`);
            if (taken) held[worker]++;
          } else if (held[worker] > 0) {
            giveBack(admissions[worker]);
            held[worker]--;
          }
          assert.equal(figure(cell), held[0] + held[1]);
        }
      }),
    );
  }
});

test("a connection that may not be begun counts nowhere, and the query says which limit it was", () => {
  const { admissions, figure } = createFixture({ connections: 2, pending: 1 });
  const [one, other] = admissions;
  const query = new Query();
  assert.equal(one.connect(query), true);
  assert.equal(other.connect(query), false);
  assert.equal(query.limit, Limit.PENDING);
  assert.equal(figure(ClusterCell.CONNECTIONS), 1);
  one.connected();
  assert.equal(other.connect(query), true);
  other.connected();
  assert.equal(other.connect(query), false);
  assert.equal(query.limit, Limit.CONNECTIONS);
  assert.equal(figure(ClusterCell.PENDING), 0);
});

test("a budget that is used up would allow a retry later, one that is too small would not", () => {
  const { admissions } = createFixture({});
  const [admission] = admissions;
  const allows = (percent: number, minimum: number): boolean => {
    admission.spec = { ...admission.spec, retryBudget: { percent, minimum } };
    return admission.allowsRetry;
  };
  assert.deepEqual([allows(0, 1), allows(20, 0), allows(0, 0)], [true, false, false]);
  for (let i = 0; i < 5; i++) admission.enter();
  assert.equal(allows(20, 0), true, "a fifth of five");
  assert.equal(admission.beginRetry(new Query()), true);
  assert.equal(admission.beginRetry(new Query()), false);
  assert.equal(admission.allowsRetry, true, "but for the one in flight");
});

test("what a dead worker held of every limit is taken back", () => {
  const { admissions, figure, shared } = createFixture({});
  for (const admission of admissions) {
    admission.enter();
    admission.connect(new Query());
    admission.beginRetry(new Query());
    admission.enqueue(10);
  }
  shared.reclaim(0);
  const { ACTIVE, CONNECTIONS, PENDING, RETRIES, QUEUED } = ClusterCell;
  for (const cell of [ACTIVE, CONNECTIONS, PENDING, RETRIES, QUEUED]) assert.equal(figure(cell), 1);
});
