import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CODES } from "../base/errors.js";
import { HISTOGRAM_SIZE } from "../base/histogram.js";
import {
  C,
  CODE_NUMBER,
  clusterBase,
  createMetrics,
  E,
  endpointBase,
  L,
  listenerBase,
  MAX_CLUSTERS,
  MAX_ENDPOINTS,
  MAX_LISTENERS,
  openMetrics,
  resetGauges,
  resetSlot,
  statusClass,
  W,
} from "./layout.js";

describe("metrics layout", () => {
  it("gives every field of every block its own element", () => {
    const metrics = openMetrics(createMetrics());
    const claim = (from: number, size: number, what: string): void => {
      for (let i = from; i < from + size; i++) {
        assert.ok(i < metrics.length, `${what} is inside`);
        assert.equal(metrics[i], 0, `${what} at ${i} is free`);
        metrics[i] = 1;
      }
    };
    const wide: Readonly<Record<string, number>> = {
      TURN: HISTOGRAM_SIZE,
      DURATION: HISTOGRAM_SIZE,
      RESPONSE: HISTOGRAM_SIZE,
      QUEUE_TIME: HISTOGRAM_SIZE,
      ERRORS: CODES.length,
    };
    const claimBlock = (fields: Readonly<Record<string, number>>, base: number): void => {
      for (const [name, offset] of Object.entries(fields)) claim(base + offset, wide[name] ?? 1, name);
    };
    claimBlock(W, 0);
    for (let slot = 0; slot < MAX_LISTENERS; slot++) claimBlock(L, listenerBase(slot));
    for (let slot = 0; slot < MAX_CLUSTERS; slot++) claimBlock(C, clusterBase(slot));
    for (let slot = 0; slot < MAX_ENDPOINTS; slot++) claimBlock(E, endpointBase(slot));
    assert.ok(
      metrics.every((x) => x === 1),
      "no element belongs to nobody",
    );
  });

  it("numbers the error codes in table order", () => {
    assert.deepEqual(
      CODES.map((code) => CODE_NUMBER[code]),
      CODES.map((_, i) => i),
    );
  });

  for (const [status, expected] of [
    [0, 0],
    [99, 0],
    [100, 1],
    [204, 2],
    [308, 3],
    [499, 4],
    [599, 5],
    [999, 5],
  ] as const) {
    it(`counts status ${status} in class ${expected}`, () => assert.equal(statusClass(status), expected));
  }

  it("refuses memory of another size", () => {
    assert.throws(() => openMetrics(new SharedArrayBuffer(64)), RangeError);
  });

  it("resets one slot and leaves its neighbours alone", () => {
    const metrics = openMetrics(createMetrics());
    for (let slot = 0; slot < 3; slot++) metrics.fill(7, endpointBase(slot), endpointBase(slot + 1));
    resetSlot(metrics, "endpoint", 1);
    assert.ok(metrics.subarray(endpointBase(1), endpointBase(2)).every((x) => x === 0));
    assert.ok(metrics.subarray(endpointBase(0), endpointBase(1)).every((x) => x === 7));
    assert.ok(metrics.subarray(endpointBase(2), endpointBase(3)).every((x) => x === 7));
  });

  it("zeroes gauges but no counter when a worker is replaced", () => {
    const metrics = openMetrics(createMetrics());
    const gauges = [W.OPEN, listenerBase(5) + L.ACTIVE, clusterBase(9) + C.ACTIVE, endpointBase(16_383) + E.OPEN];
    const counters = [W.ACCEPTED, listenerBase(5) + L.CONNECTIONS, clusterBase(9) + C.RETRIES, endpointBase(1)];
    for (const index of [...gauges, ...counters]) metrics[index] = 3;
    resetGauges(metrics);
    assert.deepEqual(
      gauges.map((index) => metrics[index]),
      [0, 0, 0, 0],
    );
    assert.deepEqual(
      counters.map((index) => metrics[index]),
      [3, 3, 3, 3],
    );
  });
});
