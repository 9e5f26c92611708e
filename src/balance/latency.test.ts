import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EndpointCell, SLOT_CELLS } from "../model/cells.js";
import { avoid, avoidedFor, latencyNow, observe, penalise } from "./latency.js";

const DECAY = 10_000;
const create = (): Int32Array => new Int32Array(new SharedArrayBuffer(SLOT_CELLS * 4));
/** The moving average, milliseconds. */
const average = (cells: Int32Array): number => cells[EndpointCell.LATENCY] / 1000;

test("a rise counts at once", () => {
  const cells = create();
  observe(cells, 0, 5, 1000, DECAY);
  observe(cells, 0, 80, 1000, DECAY);
  assert.equal(average(cells), 80);
});

test("a fall has gone 63 percent of its way after the decay, however many responses told of it", () => {
  for (const step of [1, 7, 100, 5000]) {
    const cells = create();
    observe(cells, 0, 100, 0, DECAY);
    for (let now = step; now <= DECAY; now += step) for (let i = 0; i < 3; i++) observe(cells, 0, 10, now, DECAY);
    assert.ok(Math.abs(average(cells) - (10 + 90 / Math.E)) < 0.6, `each ${step} ms: ${average(cells)}`);
  }
});

test("small falls add up although each is less than the integer can show", () => {
  const cells = create();
  observe(cells, 0, 0.05, 0, DECAY);
  for (let now = 1; now <= 10 * DECAY; now++) observe(cells, 0, 0.02, now, DECAY);
  assert.ok(average(cells) <= 0.022, `${average(cells)}`);
});

test("the average stays within what was observed", () => {
  const steps = fc.array(fc.record({ latency: fc.integer({ min: 1, max: 5000 }), wait: fc.nat(20_000) }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(steps, fc.integer(), (list, start) => {
      const cells = create();
      let now = start;
      for (const { latency, wait } of list) {
        now += wait;
        observe(cells, 0, latency, now, DECAY);
        assert.ok(average(cells) >= latency, "no faster than the last response");
      }
      const values = list.map(({ latency }) => latency);
      assert.ok(average(cells) <= Math.max(...values));
    }),
  );
});

test("silence lets what is known fade, and an answer brings it back", () => {
  const cells = create();
  observe(cells, 0, 100, 0, DECAY);
  assert.equal(latencyNow(cells, 0, 0, DECAY), 100_000);
  assert.ok(Math.abs(latencyNow(cells, 0, DECAY, DECAY) - 100_000 / Math.E) < 1);
  observe(cells, 0, 100, DECAY, DECAY);
  assert.equal(latencyNow(cells, 0, DECAY, DECAY), 100_000);
});

test("the clock may wrap, and another thread's may be a moment behind", () => {
  const cells = create();
  observe(cells, 0, 100, 2 ** 32 - 5000, DECAY);
  assert.ok(Math.abs(latencyNow(cells, 0, 2 ** 32 + 5000, DECAY) - 100_000 / Math.E) < 1);
  assert.equal(latencyNow(cells, 0, 2 ** 32 - 5001, DECAY), 100_000);
});

test("a failure counts as a slow response, and never makes a slow endpoint look faster", () => {
  const cells = create();
  observe(cells, 0, 2, 0, DECAY);
  penalise(cells, 0, 1000, 0, DECAY);
  assert.equal(average(cells), 1000);
  observe(cells, 0, 3000, 0, DECAY);
  penalise(cells, 0, 1000, 5000, DECAY);
  assert.equal(average(cells), 3000);
});

test("the longest pause that was asked for counts, up to a minute", () => {
  const cells = create();
  assert.equal(avoidedFor(cells, 0, 100), 0);
  avoid(cells, 0, 5000, 100);
  avoid(cells, 0, 1000, 200);
  assert.equal(avoidedFor(cells, 0, 1100), 4000);
  assert.equal(avoidedFor(cells, 0, 5100), 0);
  avoid(cells, 0, 1e9, 6000);
  assert.equal(avoidedFor(cells, 0, 6000), 60_000);
  assert.equal(avoidedFor(cells, 0, 2 ** 31), 0, "long past");
});
