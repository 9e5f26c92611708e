import assert from "node:assert/strict";
import { test } from "node:test";
import { ProbeQueue } from "./probe-queue.js";

/** Adds a named check and returns what ends or cancels it. */
function createFixture(limit: number) {
  const queue = new ProbeQueue(limit);
  const log: string[] = [];
  const add = (name: string) => {
    let done = (): void => {};
    const cancel = queue.add((finished) => {
      log.push(`start ${name}`);
      done = finished;
      return () => log.push(`cancel ${name}`);
    });
    return { done: () => done(), cancel };
  };
  return { queue, log, add };
}

test("no more than the limit run, and the others follow in order", () => {
  const { queue, log, add } = createFixture(2);
  const a = add("a");
  const b = add("b");
  add("c");
  add("d");
  assert.deepEqual(log, ["start a", "start b"]);
  b.done();
  a.done();
  assert.deepEqual(log, ["start a", "start b", "start c", "start d"]);
  assert.equal(queue.running, 2);
});

test("what is cancelled while it waits never starts; what runs makes room", () => {
  const { log, add } = createFixture(1);
  const a = add("a");
  const b = add("b");
  add("c");
  b.cancel();
  a.cancel();
  assert.deepEqual(log, ["start a", "cancel a", "start c"]);
});

test("ending twice, or cancelling what has ended, does not make room twice", () => {
  const { queue, add } = createFixture(1);
  const a = add("a");
  a.done();
  a.done();
  a.cancel();
  add("b");
  add("c");
  assert.equal(queue.running, 1);
});
