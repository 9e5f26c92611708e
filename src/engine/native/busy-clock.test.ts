import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { BusyClock } from "./busy-clock.js";

/** Milliseconds by the clock, and by the calendar, that `task` takes. */
function measure(task: () => void): { readonly busy: number; readonly wall: number } {
  const clock = new BusyClock();
  const at = performance.now();
  const before = clock.read();
  task();
  const busy = clock.read() - before;
  const wall = performance.now() - at;
  clock.free();
  return { busy, wall };
}

function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test("a thread that sleeps is not busy", () => {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  const { busy, wall } = measure(() => Atomics.wait(nothing, 0, 0, 50));
  assert.ok(busy < wall / 2, `${busy} of ${wall} ms`);
});

test("a thread that would compute is busy, also while others have the processor", async (t) => {
  const rivals = Array.from({ length: 2 * availableParallelism() }, () =>
    spawn(process.execPath, [
      "-e",
      "process.stdout.write('.'); for (const t = Date.now(); Date.now() - t < 20_000; );",
    ]),
  );
  t.after(() => {
    for (const rival of rivals) rival.kill("SIGKILL");
  });
  await Promise.all(rivals.map((rival) => once(rival.stdout, "data")));
  const { busy, wall } = measure(() => spin(300));
  assert.ok(busy > wall * 0.85 && busy < wall * 1.1, `${busy} of ${wall} ms`);
});
