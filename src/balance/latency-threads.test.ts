/** Real threads that tell of one endpoint without a pause: the worst that any of them saw is what all know afterwards. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createRandom } from "../base/random.js";
import { EndpointCell, SLOT_CELLS } from "../model/cells.js";
import { avoid, avoidedFor, observe } from "./latency.js";

const THREADS = 4;
const ROUNDS = 50;

interface Job {
  readonly buffer: SharedArrayBuffer;
  readonly seed: number;
}

/** In each round all threads tell of an endpoint of its own at about the same time, and at one moment of the clock. */
function hammer({ buffer, seed }: Job): number {
  const cells = new Int32Array(buffer);
  const random = createRandom(seed);
  let lost = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    meet(cells, THREADS * round);
    const at = round * SLOT_CELLS;
    for (let i = 1; i <= 2000; i++) {
      const sample = i * 4 + random.below(8);
      observe(cells, at, sample, 1000, 10_000);
      avoid(cells, at, sample, 1000);
      // At one moment of the clock nothing falls: what this thread has told stays, or more.
      if (Atomics.load(cells, at + EndpointCell.LATENCY) < sample * 1000) lost++;
      if (avoidedFor(cells, at, 1000) < sample) lost++;
    }
  }
  return lost;
}

/** Returns when `all` have come: who comes last lets the others go. */
function meet(cells: Int32Array, all: number): void {
  Atomics.add(cells, 0, 1);
  Atomics.notify(cells, 0);
  for (;;) {
    const come = Atomics.load(cells, 0);
    if (come >= all) return;
    Atomics.wait(cells, 0, come);
  }
}

async function defineTest(): Promise<void> {
  await test("no rise and no pause is lost between four threads", async () => {
    const buffer = new SharedArrayBuffer((ROUNDS + 1) * SLOT_CELLS * 4);
    const lost = await Promise.all(
      Array.from({ length: THREADS }, (_, seed) => {
        const thread = new Worker(new URL(import.meta.url), { workerData: { buffer, seed } satisfies Job });
        return new Promise<number>((resolve, reject) => {
          thread.once("message", resolve);
          thread.once("error", reject);
        });
      }),
    );
    assert.deepEqual(lost, [0, 0, 0, 0]);
  });
}

if (isMainThread) await defineTest();
else parentPort!.postMessage(hammer(workerData as Job));
