import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FakeClock } from "./fake-clock.js";

test("tasks run at their time, in the order of time and then of adding, unless they were cancelled", () => {
  const tasks = fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 60 });
  fc.assert(
    fc.property(tasks, (wanted) => {
      const clock = new FakeClock();
      const ran: [at: number, index: number][] = [];
      wanted.forEach(([ms, isCancelled], index) => {
        const cancel = clock.after(ms, () => ran.push([clock.now(), index]));
        if (isCancelled) cancel();
      });
      const expected = wanted
        .map(([ms], index): [number, number] => [ms, index])
        .filter(([, index]) => !wanted[index][1])
        .sort(([a, i], [b, j]) => a - b || i - j);
      assert.equal(clock.pending, expected.length);
      clock.advance(10);
      assert.deepEqual(
        ran,
        expected.filter(([ms]) => ms <= 10),
      );
      clock.advance(10);
      assert.deepEqual(ran, expected);
      assert.equal(clock.pending, 0);
    }),
  );
});

test("what tasks add runs in the same advance if it is due", () => {
  const clock = new FakeClock();
  const ran: number[] = [];
  const again = (): void => {
    ran.push(clock.now());
    clock.after(3, again);
  };
  clock.after(1, again);
  clock.advance(8);
  assert.deepEqual(ran, [1, 4, 7]);
  assert.equal(clock.now(), 8);
});
