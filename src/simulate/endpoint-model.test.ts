import assert from "node:assert/strict";
import { test } from "node:test";
import { createBehaviour } from "../testing/scenarios.js";
import { EndpointModel } from "./endpoint-model.js";
import { EventQueue } from "./event-queue.js";
import { Jobs, Result } from "./jobs.js";

function createFixture(...args: Parameters<typeof createBehaviour>) {
  const events = new EventQueue();
  const jobs = new Jobs();
  const changes = [
    { atMs: 100, behaviour: { ...createBehaviour(...args), slower: 3 } },
    { atMs: 200, behaviour: { ...createBehaviour(...args), servers: 3 } },
  ];
  const model = new EndpointModel({ first: createBehaviour(...args), changes }, jobs, events, 1);
  const take = (now: number, luck = 0.5): boolean => {
    const job = jobs.take();
    jobs.luck[job] = luck;
    jobs.work[job] = 0.5;
    return model.take(job, now);
  };
  /** Runs what is begun, and tells when each was finished. */
  const run = (): number[] => {
    const ends: number[] = [];
    while (events.take()) {
      ends.push(events.at);
      model.finish(events.at);
    }
    return ends;
  };
  return { model, jobs, take, run, events };
}

test("what finds no server waits in the order of arrival", () => {
  const { take, run, model } = createFixture({ service: { kind: "constant", ms: 10 }, servers: 2 });
  for (let i = 0; i < 5; i++) assert.equal(take(i), true);
  assert.deepEqual([model.busy, model.waiting], [2, 3]);
  assert.deepEqual(run(), [10, 11, 20, 21, 30]);
  assert.deepEqual([model.busy, model.waiting], [0, 0]);
  assert.equal(model.served, 50);
});

test("any number is served at once where servers are not limited", () => {
  const { take, run } = createFixture({ service: { kind: "constant", ms: 10 }, servers: 0 });
  for (let i = 0; i < 3; i++) take(0);
  assert.deepEqual(run(), [10, 10, 10]);
});

test("a full queue takes no more", () => {
  const { take } = createFixture({ service: { kind: "constant", ms: 10 }, servers: 1, queue: 1 });
  assert.deepEqual([take(0), take(0), take(0)], [true, true, false]);
});

test("a queue of hundreds keeps its order", () => {
  const { take, events, jobs, model } = createFixture({ service: { kind: "constant", ms: 1 }, servers: 1 });
  for (let i = 0; i < 300; i++) take(0);
  const order: number[] = [];
  while (events.take()) {
    order.push(events.who);
    model.finish(events.at);
  }
  assert.deepEqual(order, [...Array(300).keys()]);
  assert.equal(jobs.result[0], Result.SERVED);
});

test("a job fails by its luck, and quickly", () => {
  const { take, run, jobs } = createFixture({ service: { kind: "constant", ms: 10 }, errors: 0.3, errorMs: 2 });
  take(0, 0.29);
  take(0, 0.31);
  assert.deepEqual(run(), [2, 10]);
  assert.deepEqual([jobs.result[0], jobs.result[1]], [Result.FAILED, Result.SERVED]);
});

test("a change slows down what begins after it, and new servers take what waits", () => {
  const { take, run, model } = createFixture({ service: { kind: "constant", ms: 10 }, servers: 1 });
  take(95);
  take(96);
  model.change(100);
  assert.deepEqual(run(), [105, 135]);
  take(190);
  take(190);
  take(190);
  assert.equal(model.busy, 1);
  model.change(200);
  assert.equal(model.busy, 3);
  assert.deepEqual(run(), [210, 210, 220]);
});
