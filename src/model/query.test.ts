import assert from "node:assert/strict";
import { test } from "node:test";
import { Query } from "./query.js";

test("a query remembers its tries until it is reset", () => {
  const query = new Query();
  query.addTried(0);
  query.addTried(7);
  assert.deepEqual([query.hasTried(0), query.hasTried(7), query.hasTried(1)], [true, true, false]);
  query.reset(5);
  assert.deepEqual([query.hasTried(0), query.tries, query.hash], [false, 0, 5]);
});

test("after more tries than it remembers, it remembers the latest", () => {
  const query = new Query();
  for (let slot = 0; slot < 10; slot++) query.addTried(slot);
  const remembered = Array.from({ length: 10 }, (_, slot) => query.hasTried(slot));
  assert.deepEqual(remembered, [false, false, true, true, true, true, true, true, true, true]);
  assert.equal(query.tries, 10);
});
