import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../base/random.js";
import { TICK_MS, TimerWheel } from "../base/timer-wheel.js";
import { createLocalCluster } from "../cluster/local-cluster.js";
import { Limit, Query } from "../model/query.js";
import { C, clusterBase, createMetrics, openMetrics } from "../observe/layout.js";
import { Waiter } from "../resilience/wait-queue.js";
import { TIMELESS } from "../testing/fake-clock.js";
import { createClusterSpec, NO_LIMITS } from "../testing/specs.js";
import type { ProxyContext } from "./context.js";
import type { ProxyCluster } from "./proxy-cluster.js";
import { type RetryOwner, RetryQueue } from "./retry-queue.js";

const HIGH = 0;
const NORMAL = 1;

/** One worker's queue for a cluster whose budget has `minimum` places. */
function createFixture(minimum: number, retries = 0) {
  const spec = createClusterSpec(1, {
    retryBudget: { percent: 0, minimum },
    limits: { ...NO_LIMITS, retries, perEndpoint: NO_LIMITS },
  });
  const { cluster: live } = createLocalCluster(spec, createRandom(1), { onFailures: () => {} }, TIMELESS);
  const metrics = openMetrics(createMetrics());
  const timers = new TimerWheel(0);
  const memory = { available: 8, count: 8 };
  const clock = { now: 0 };
  const engine = { timers, memory, now: () => clock.now };
  const context = { engine, metrics } as unknown as ProxyContext;
  const queue = new RetryQueue(context, { live, metrics: clusterBase(0) } as unknown as ProxyCluster);
  const query = new Query();
  const begun: string[] = [];
  /** Begins as soon as it finds a place. */
  const join = (name: string, priority: number): Waiter<RetryOwner> => {
    const owner: RetryOwner = {
      onPlace: () => {
        if (!live.beginRetry(query)) return false;
        queue.leave(waiter);
        begun.push(name);
        return true;
      },
    };
    const waiter = new Waiter(owner);
    queue.join(waiter, priority);
    return waiter;
  };
  const advance = (): void => timers.advance((clock.now += TICK_MS));
  const waiting = (): number => metrics[clusterBase(0) + C.RETRIES_WAITING];
  return { live, queue, query, memory, timers, begun, join, advance, waiting };
}

test("a place goes to who waits, by class and then in order", () => {
  const { live, queue, query, begun, join, waiting } = createFixture(1);
  assert.equal(queue.take(query, NORMAL), true);
  assert.equal(queue.take(query, NORMAL), false);
  assert.equal(queue.admits(query), true);
  join("first", NORMAL);
  join("second", NORMAL);
  join("urgent", HIGH);
  assert.equal(waiting(), 3);
  queue.wake();
  assert.deepEqual(begun, [], "there is no place");
  for (let i = 0; i < 3; i++) {
    live.endRetry(undefined);
    queue.wake();
  }
  assert.deepEqual(begun, ["urgent", "first", "second"]);
  assert.equal(waiting(), 0);
});

test("nobody overtakes who waits, but for a higher class", () => {
  const { live, queue, query, join } = createFixture(1);
  queue.take(query, NORMAL);
  join("waits", NORMAL);
  live.endRetry(undefined);
  assert.equal(queue.take(query, NORMAL), false);
  assert.equal(query.limit, Limit.RETRY_BUDGET);
  assert.equal(queue.take(query, HIGH), true);
});

test("a place that another thread gave back is found at the next tick, and without waiters no timer runs", () => {
  const { live, queue, query, timers, begun, join, advance } = createFixture(1);
  queue.take(query, NORMAL);
  join("waits", NORMAL);
  advance();
  assert.deepEqual(begun, []);
  live.endRetry(undefined);
  advance();
  assert.deepEqual(begun, ["waits"]);
  assert.equal(timers.size, 0);
});

test("who leaves is not asked any more", () => {
  const { live, queue, query, begun, join, advance, waiting } = createFixture(1);
  queue.take(query, NORMAL);
  queue.leave(join("gone", NORMAL));
  assert.equal(waiting(), 0);
  live.endRetry(undefined);
  advance();
  assert.deepEqual(begun, []);
});

test("nobody waits for what a limit or an empty budget refuses", () => {
  const limited = createFixture(9, 1);
  limited.queue.take(limited.query, NORMAL);
  assert.equal(limited.queue.take(limited.query, NORMAL), false);
  assert.equal(limited.query.limit, Limit.RETRIES);
  assert.equal(limited.queue.admits(limited.query), false);
  const empty = createFixture(0);
  assert.equal(empty.queue.take(empty.query, NORMAL), false);
  assert.equal(empty.queue.admits(empty.query), false);
});

test("waiting leaves half of the buffers to others", () => {
  const { queue, memory } = createFixture(1);
  memory.available = 5;
  assert.equal(queue.hasRoom, true);
  memory.available = 4;
  assert.equal(queue.hasRoom, false);
});
