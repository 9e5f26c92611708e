import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Waiter, WaitQueue } from "./wait-queue.js";

type Model = { readonly waiter: Waiter<number>; readonly priority: number; readonly since: number };

test("a higher class is first, and within a class who came first; wherever others leave in between", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), priority: fc.nat(2) }),
    fc.record({ kind: fc.constant("leave" as const), which: fc.nat(20) }),
    fc.record({ kind: fc.constant("serve" as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new WaitQueue<number>();
      let model: Model[] = [];
      const inOrder = () => model.toSorted((a, b) => a.priority - b.priority || a.since - b.since);
      steps.forEach((one, now) => {
        if (one.kind === "add") {
          const waiter = new Waiter(now);
          queue.add(waiter, one.priority, now);
          model.push({ waiter, priority: one.priority, since: now });
        } else {
          const leaving = one.kind === "serve" ? queue.first : model[one.which]?.waiter;
          if (leaving === undefined) return;
          queue.remove(leaving);
          model = model.filter(({ waiter }) => waiter !== leaving);
          assert.equal(leaving.waits, false);
        }
        assert.equal(queue.size, model.length);
        assert.equal(queue.first, inOrder()[0]?.waiter);
        for (const priority of [0, 1, 2]) {
          const behind = model.some((each) => each.priority <= priority);
          assert.equal(queue.isBehind(priority), behind, `one of class ${priority} waits behind others`);
          const below = inOrder().filter((each) => each.priority > priority);
          assert.equal(queue.leastBelow(priority), below.at(-1)?.waiter, `whom class ${priority} drives out`);
        }
      });
    }),
  );
});

test("whoever waited longer than allowed is overdue, and nobody else", () => {
  const queue = new WaitQueue<string>();
  const [old, high, late] = ["old", "high", "late"].map((name) => new Waiter(name));
  queue.add(old, 2, 100);
  queue.add(high, 0, 150);
  queue.add(late, 2, 200);
  assert.equal(queue.overdue(100), undefined);
  assert.equal(queue.overdue(101), old);
  queue.remove(old);
  assert.equal(queue.overdue(151), high);
  queue.remove(high);
  assert.equal(queue.overdue(151), undefined);
});

test("those who wait are asked in order until one finds no room, each once although asking leads here again", () => {
  const queue = new WaitQueue<number>();
  const waiters = [0, 1, 2, 3].map((name) => new Waiter(name));
  for (const waiter of waiters) queue.add(waiter, 1, 0);
  const asked: number[] = [];
  const enters = (name: number): boolean => {
    asked.push(name);
    if (name === 2) return false;
    queue.remove(waiters[name]);
    queue.serve(enters);
    return true;
  };
  queue.serve(enters);
  assert.deepEqual(asked, [0, 1, 2]);
  queue.serve(enters);
  assert.deepEqual(asked, [0, 1, 2, 2]);
});
