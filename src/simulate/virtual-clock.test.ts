import assert from "node:assert/strict";
import { test } from "node:test";
import { EventQueue } from "./event-queue.js";
import { VirtualClock } from "./virtual-clock.js";

function createFixture() {
  const queue = new EventQueue();
  const clock = new VirtualClock(queue, 2);
  const run = (): void => {
    while (queue.take()) {
      clock.time = queue.at;
      clock.run(queue.who);
    }
  };
  return { clock, run };
}

test("tasks run at their time, also those that tasks add", () => {
  const { clock, run } = createFixture();
  const seen: string[] = [];
  clock.after(20, () => seen.push(`b ${clock.now()}`));
  clock.after(10, () => {
    seen.push(`a ${clock.now()}`);
    clock.after(5, () => seen.push(`c ${clock.now()}`));
  });
  run();
  assert.deepEqual(seen, ["a 10", "c 15", "b 20"]);
});

test("a cancelled task does not run, and a late cancel does not hit whoever came after", () => {
  const { clock, run } = createFixture();
  const seen: number[] = [];
  const task = (): void => void seen.push(clock.now());
  clock.after(1, task)();
  const late = clock.after(2, task);
  run();
  clock.after(3, task);
  late();
  run();
  assert.deepEqual(seen, [2, 5]);
});
