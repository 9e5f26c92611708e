/** The controller in a closed loop: a modelled service with so many places, its own queue, and more load than it can take. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom, type Random } from "../base/random.js";
import type { AdaptiveSpec } from "../model/spec.js";
import { closeWindow, GradientPhase, type GradientState } from "./gradient.js";

const SPEC: AdaptiveSpec = { min: 4, max: 500, tolerance: 0.25, windowMs: 250, intervalMs: 10_000 };
const fresh = (): GradientState => ({ limit: 0, phase: 0, limitBefore: 0, best: 0, measureAt: 0 });

interface Service {
  places: number;
  /** Mean time of an answer, exponentially distributed beyond half of it. */
  serviceMs: number;
  arrivalsPerMs: number;
}

const exponential = (mean: number, random: Random): number => -mean * Math.log((random.next() + 1) / 2 ** 32);

/** Runs to `untilMs`; `change` may alter the service on the way. Returns what was seen in the last quarter. */
function run(service: Service, untilMs: number, seed: number, change: (now: number) => void = () => {}) {
  const random = createRandom(seed);
  const state = fresh();
  // When each place is free; an answer is due when its place has worked on it.
  const free: number[] = new Array(service.places).fill(0);
  let due: number[] = [];
  let now = 0;
  let windowAt = 0;
  let count = 0;
  let sum = 0;
  const late = { limits: [] as number[], latencies: [] as number[], refused: 0, from: untilMs * 0.75 };
  while (now < untilMs) {
    now += exponential(1 / service.arrivalsPerMs, random);
    change(now);
    while (free.length < service.places) free.push(now);
    free.length = service.places;
    due = due.filter((at) => at > now);
    if (now - windowAt >= SPEC.windowMs && count >= 10) {
      closeWindow(state, SPEC, Math.round((sum / count) * 100), sum / (now - windowAt), Math.floor(now), random);
      if (now > late.from && state.phase === GradientPhase.STEADY) late.limits.push(state.limit);
      windowAt = now;
      count = 0;
      sum = 0;
    }
    if (due.length >= (state.limit === 0 ? 20 : state.limit)) {
      if (now > late.from) late.refused++;
      continue;
    }
    const place = free.indexOf(Math.min(...free));
    const time = service.serviceMs / 2 + exponential(service.serviceMs / 2, random);
    free[place] = Math.max(now, free[place]) + time;
    due.push(free[place]);
    count++;
    sum += free[place] - now;
    if (now > late.from) late.latencies.push(free[place] - now);
  }
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    limit: mean(late.limits),
    latencyMs: mean(late.latencies),
    refused: late.refused,
    served: late.latencies.length,
  };
}

test("an overloaded service is kept busy, and its answers stay fast", () => {
  for (const seed of [1, 2, 3]) {
    const { limit, latencyMs, served } = run({ places: 40, serviceMs: 20, arrivalsPerMs: 4 }, 40_000, seed);
    assert.ok(limit > 40 && limit < 90, `seed ${seed}: limit ${limit} of 40 places`);
    assert.ok(latencyMs < 45, `seed ${seed}: ${latencyMs} ms instead of 20; without a limit it would grow for ever`);
    assert.ok(served > 0.9 * 10_000 * 2, `seed ${seed}: ${served} answers of the 20000 that it can give`);
  }
});

test("the limit follows a service that loses half of its places", () => {
  const service = { places: 40, serviceMs: 20, arrivalsPerMs: 4 };
  const { limit, latencyMs } = run(service, 60_000, 4, (now) => {
    service.places = now < 20_000 ? 40 : 20;
  });
  assert.ok(limit > 20 && limit < 60, `limit ${limit} of 20 places`);
  assert.ok(latencyMs < 55, `${latencyMs} ms`);
});

test("a service that has become slower for good is not strangled: it is measured anew", () => {
  const service = { places: 40, serviceMs: 20, arrivalsPerMs: 4 };
  const { limit, served } = run(service, 80_000, 5, (now) => {
    service.serviceMs = now < 20_000 ? 20 : 60;
  });
  assert.ok(limit > 35, `limit ${limit} of 40 places`);
  assert.ok(served > 0.85 * 20_000 * (40 / 60), `${served} answers`);
});

test("little load neither lowers the limit nor raises it", () => {
  const { limit, refused } = run({ places: 40, serviceMs: 20, arrivalsPerMs: 0.2 }, 40_000, 6);
  assert.ok(limit >= 18 && limit <= 22, `limit ${limit}`);
  assert.equal(refused, 0);
});

test("whatever it is told, the limit stays within its bounds", () => {
  const window = fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 1000 }), fc.nat(20_000));
  fc.assert(
    fc.property(fc.array(window, { maxLength: 60 }), (windows) => {
      const state = fresh();
      const random = createRandom(7);
      // Close to where the clock wraps.
      let now = 2 ** 31 - 50_000;
      for (const [mean, inFlight, passed] of windows) {
        now += passed;
        closeWindow(state, SPEC, mean, inFlight, now, random);
        assert.ok(state.limit >= SPEC.min && state.limit <= SPEC.max && Number.isInteger(state.limit));
        if (state.phase !== GradientPhase.STEADY) assert.equal(state.limit, SPEC.min);
      }
    }),
  );
});
