import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { buildSequence } from "./sequence.js";

const weightLists = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 40 });

function countOf(sequence: Uint16Array, index: number): number {
  return sequence.filter((entry) => entry === index).length;
}

/** Longest run of turns without `index`, going round. */
function longestGap(sequence: Uint16Array, index: number): number {
  const turns = [...sequence.keys()].filter((turn) => sequence[turn] === index);
  const gaps = turns.map((turn, i) => (turns[(i + 1) % turns.length] - turn + sequence.length) % sequence.length);
  return Math.max(...gaps.map((gap) => (gap === 0 ? sequence.length : gap)));
}

test("equal weights give the plain rotation, whatever the weight", () => {
  assert.deepEqual([...buildSequence([7, 7, 7])], [0, 1, 2]);
});

test("a heavy node's turns are spread between those of light ones", () => {
  assert.deepEqual([...buildSequence([5, 1, 1])], [0, 1, 0, 0, 0, 2, 0]);
});

test("a node with half of all weight takes every other turn, however many light ones there are", () => {
  const sequence = buildSequence([...new Array<number>(100).fill(1), 100]);
  assert.equal(longestGap(sequence, 100), 2);
});

test("one period holds each node exactly as often as its weight says", () => {
  fc.assert(
    fc.property(weightLists, (weights) => {
      const sequence = buildSequence(weights);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, index) => {
        assert.equal(countOf(sequence, index) * total, weight * sequence.length);
      });
    }),
  );
});

test("no node waits much longer than its even distance, and none comes in a burst", () => {
  fc.assert(
    fc.property(weightLists, (weights) => {
      const sequence = buildSequence(weights);
      const classes = new Set(weights).size;
      weights.forEach((_, index) => {
        const even = sequence.length / countOf(sequence, index);
        // Each class of equal weights is late by less than one turn per other class, and shares that among its nodes.
        assert.ok(longestGap(sequence, index) <= even * 2 + classes, `node ${index} of ${weights}`);
      });
    }),
  );
});

test("silly weights are scaled to a bounded period in which the lightest node still has a turn", () => {
  const sequence = buildSequence([1, 1_000_000, 3]);
  assert.ok(sequence.length <= 4100, `${sequence.length} turns`);
  assert.ok(countOf(sequence, 0) >= 1);
  assert.ok(countOf(sequence, 2) >= 1);
});

test("10 000 nodes of random weights are laid out with every node present", () => {
  const weights = Array.from({ length: 10_000 }, (_, i) => 1 + ((i * 7919) % 1000));
  const sequence = buildSequence(weights);
  assert.equal(new Set(sequence).size, weights.length);
});
