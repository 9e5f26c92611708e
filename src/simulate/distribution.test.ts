import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DistributionSpec } from "../model/scenario.js";
import { Draw, uniform } from "./chance.js";
import { normalQuantile, quantile } from "./distribution.js";

const SEED = 20_240;
const DRAWS = 200_000;

/** Mean of draws as a simulation makes them. */
function meanOf(spec: DistributionSpec): number {
  let sum = 0;
  for (let i = 0; i < DRAWS; i++) sum += quantile(spec, uniform(SEED, Draw.WORK, i, 1), 0);
  return sum / DRAWS;
}

function assertNear(actual: number, expected: number, share: number): void {
  assert.ok(Math.abs(actual - expected) <= share * expected, `${actual} is not within ${share} of ${expected}`);
}

describe(`draws have the mean that theory gives (seed ${SEED})`, () => {
  const rows: [DistributionSpec, number][] = [
    [{ kind: "constant", ms: 7 }, 7],
    [{ kind: "exponential", meanMs: 10 }, 10],
    [{ kind: "lognormal", medianMs: 10, sigma: 0.5 }, 10 * Math.exp(0.125)],
    [{ kind: "pareto", leastMs: 2, shape: 3, mostMs: Number.POSITIVE_INFINITY }, 3],
  ];
  for (const [spec, mean] of rows) test(spec.kind, () => assertNear(meanOf(spec), mean, 0.015));
});

test("quantiles are those of the distributions", () => {
  assertNear(quantile({ kind: "exponential", meanMs: 10 }, 0.99, 0), 46.0517, 1e-4);
  assertNear(quantile({ kind: "lognormal", medianMs: 10, sigma: 1 }, 0.5, 0), 10, 1e-9);
  // exp(2.326348): the 99th percentile of the standard lognormal.
  assertNear(quantile({ kind: "lognormal", medianMs: 1, sigma: 1 }, 0.99, 0), 10.2405, 1e-4);
  const pareto = { kind: "pareto", leastMs: 1, shape: 2, mostMs: 15 } as const;
  assertNear(quantile(pareto, 0.99, 0), 10, 1e-9);
  assert.equal(quantile(pareto, 0.9999, 0), 15);
  assert.equal(quantile({ kind: "recorded" }, 0.5, 12), 12);
});

test("the normal quantile agrees with tables on both sides and in both tails", () => {
  const rows = [
    [0.5, 0],
    [0.841344746, 1],
    [0.977249868, 2],
    [0.998650102, 3],
    [0.99999, 4.264890794],
  ];
  for (const [share, z] of rows) {
    assert.ok(Math.abs(normalQuantile(share) - z) < 1e-6, `${share}`);
    assert.ok(Math.abs(normalQuantile(1 - share) + z) < 1e-6, `${1 - share}`);
  }
});

test("numbers drawn for neighbouring requests, tries and seeds are uniform and not alike", () => {
  const count = (of: (i: number) => number): number[] => {
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 50_000; i++) buckets[Math.floor(of(i) * 10)]++;
    return buckets;
  };
  const streams: [string, (i: number) => number][] = [
    ["requests", (i) => uniform(1, Draw.WORK, i, 1)],
    ["tries", (i) => uniform(1, Draw.WORK, i >> 2, i & 3)],
    ["seeds", (i) => uniform(i, Draw.GAP, 5, 0)],
    // The difference of two independent uniform numbers, wrapped, is uniform again.
    ["kinds", (i) => (uniform(1, Draw.WORK, i, 1) - uniform(1, Draw.ERROR, i, 1) + 1) % 1],
    ["neighbours", (i) => (uniform(1, Draw.WORK, i, 1) - uniform(1, Draw.WORK, i + 1, 1) + 1) % 1],
  ];
  for (const [name, of] of streams) {
    const chiSquare = count(of).reduce((sum, seen) => sum + (seen - 5000) ** 2 / 5000, 0);
    // 9 degrees of freedom: above 33.7 once in ten thousand.
    assert.ok(chiSquare < 33.7, `${name}: ${chiSquare}`);
  }
});
