import assert from "node:assert/strict";
import { test } from "node:test";
import { SlotPool } from "./slot-pool.js";

test("a retired slot is reused only when no fresh one is left, the oldest first", () => {
  const pool = new SlotPool(3, () => true);
  assert.deepEqual([pool.take(), pool.take()], [0, 1]);
  pool.retire(1);
  pool.retire(0);
  assert.deepEqual([pool.take(), pool.take(), pool.take()], [2, 1, 0]);
});

test("a slot in which something is still counted is not reused", () => {
  const busy = new Set([0]);
  const pool = new SlotPool(2, (slot) => !busy.has(slot));
  pool.take();
  pool.take();
  pool.retire(0);
  pool.retire(1);
  assert.equal(pool.available, 1);
  assert.equal(pool.take(), 1);
  assert.throws(() => pool.take(), RangeError);
  busy.clear();
  assert.equal(pool.take(), 0);
});
