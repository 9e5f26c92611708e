import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventQueue } from "./event-queue.js";

test("events come out by time, and in the order of going in where times are equal", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 3000 }), (times) => {
      const queue = new EventQueue();
      times.forEach((at, who) => {
        queue.add(at, who % 16, who);
      });
      const taken: number[][] = [];
      while (queue.take()) taken.push([queue.at, queue.what, queue.who]);
      const expected = times.map((at, who) => [at, who % 16, who]).sort((a, b) => a[0] - b[0] || a[2] - b[2]);
      assert.deepEqual(taken, expected);
    }),
    { numRuns: 50 },
  );
});

test("what is added while others are taken finds its place", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(50), fc.constant(-1)), { maxLength: 300 }), (script) => {
      const queue = new EventQueue();
      let waiting: number[] = [];
      for (const step of script) {
        if (step >= 0) {
          queue.add(step, 0, 0);
          waiting.push(step);
          continue;
        }
        const least = Math.min(...waiting);
        assert.equal(queue.nextAt, least);
        assert.equal(queue.take(), waiting.length > 0);
        if (waiting.length > 0) assert.equal(queue.at, least);
        waiting = waiting.toSpliced(waiting.indexOf(least), waiting.length > 0 ? 1 : 0);
        assert.equal(queue.size, waiting.length);
      }
    }),
  );
});
