import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeys } from "./keys.js";

function shares(draw: (share: number) => number): number[] {
  const counts = new Map<number, number>();
  const draws = 100_000;
  for (let i = 0; i < draws; i++) {
    const key = draw((i + 0.5) / draws);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts.values()].map((count) => count / draws).sort((a, b) => b - a);
}

test("uniform keys are all equally likely", () => {
  assert.deepEqual(shares(createKeys({ kind: "uniform", count: 4 })), [0.25, 0.25, 0.25, 0.25]);
});

test("the n-th zipf key has a share in proportion to a power of n", () => {
  const found = shares(createKeys({ kind: "zipf", count: 3, exponent: 1 }));
  const expected = [6 / 11, 3 / 11, 2 / 11];
  assert.equal(found.length, 3);
  found.forEach((share, rank) => {
    assert.ok(Math.abs(share - expected[rank]) < 1e-4, `${found}`);
  });
});
