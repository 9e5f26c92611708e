/** The laws of what happens before a policy chooses: priorities, panic, zones, subsets, slow start. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { localityWeights, type ZoneMember } from "./locality.js";
import { isPanicking } from "./panic.js";
import { type Level, levelLoads } from "./priority.js";
import { slowStartFactor } from "./slow-start.js";
import { subsetWeights } from "./subset.js";

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
const near = (actual: number, expected: number, message?: string): void =>
  assert.ok(Math.abs(actual - expected) < 1e-9, message ?? `${actual} is not ${expected}`);

describe("priority levels", () => {
  const level = fc.nat(20).chain((total) => fc.nat(total).map((healthy): Level => ({ healthy, total })));
  const levels = fc.array(level, { minLength: 1, maxLength: 5 });
  const shares = (...rows: [healthy: number, total: number][]) =>
    levelLoads(
      rows.map(([healthy, total]) => ({ healthy, total })),
      1.4,
      50,
    ).map(({ share }) => Math.round(share * 100));

  test("are filled in order, as in the table of Envoy's documentation", () => {
    assert.deepEqual(shares([100, 100], [100, 100]), [100, 0]);
    assert.deepEqual(shares([72, 100], [100, 100]), [100, 0]);
    assert.deepEqual(shares([71, 100], [100, 100]), [99, 1]);
    assert.deepEqual(shares([50, 100], [100, 100]), [70, 30]);
    assert.deepEqual(shares([50, 100], [50, 100]), [70, 30]);
    assert.deepEqual(shares([25, 100], [100, 100]), [35, 65]);
    assert.deepEqual(shares([25, 100], [25, 100]), [50, 50]);
    assert.deepEqual(shares([0, 100], [100, 100]), [0, 100]);
    assert.deepEqual(shares([20, 100], [20, 100], [10, 100]), [33, 33, 33]);
  });

  test("carry everything together, none more than it can while another could take it", () => {
    fc.assert(
      fc.property(levels, fc.double({ min: 1, max: 3, noNaN: true }), fc.nat(100), (rows, factor, percent) => {
        const loads = levelLoads(rows, factor, percent);
        near(sum(loads.map(({ share }) => share)), rows.some(({ total }) => total > 0) ? 1 : 0);
        loads.forEach(({ share, panicking }, i) => {
          assert.ok(share >= 0);
          if (rows[i].total === 0) assert.equal(share, 0);
          if (rows[i].healthy === 0 && !panicking) assert.equal(share, 0, "no healthy endpoint, no load");
        });
        const capacity = sum(
          rows.map(({ healthy, total }) => (total > 0 ? Math.min(1, (factor * healthy) / total) : 0)),
        );
        if (capacity < 1) return;
        assert.ok(loads.every(({ panicking }) => !panicking));
        loads.slice(1).forEach(({ share }, i) => {
          const before = rows[i];
          const taken = Math.min(1, (factor * before.healthy) / before.total);
          if (share > 1e-9 && before.total > 0) near(loads[i].share, Math.min(taken, loads[i].share));
        });
      }),
    );
  });

  test("panic only while all levels together cannot carry the load", () => {
    assert.deepEqual(
      levelLoads(
        [
          { healthy: 1, total: 10 },
          { healthy: 10, total: 10 },
        ],
        1.4,
        50,
      )[0],
      {
        share: 0.13999999999999999,
        panicking: false,
      },
    );
    assert.equal(levelLoads([{ healthy: 4, total: 10 }], 1.4, 50)[0].panicking, true);
    assert.equal(levelLoads([{ healthy: 4, total: 10 }], 1.4, 0)[0].panicking, false);
    assert.equal(levelLoads([{ healthy: 0, total: 10 }], 1.4, 0)[0].panicking, true);
  });

  test("share by size when all of them panic", () => {
    const loads = levelLoads(
      [
        { healthy: 0, total: 3 },
        { healthy: 0, total: 0 },
        { healthy: 0, total: 1 },
      ],
      1.4,
      0,
    );
    assert.deepEqual(loads, [
      { share: 0.75, panicking: true },
      { share: 0, panicking: false },
      { share: 0.25, panicking: true },
    ]);
  });

  test("panic begins below the threshold, not at it", () => {
    assert.equal(isPanicking(5, 10, 50), false);
    assert.equal(isPanicking(4, 10, 50), true);
    assert.equal(isPanicking(0, 10, 0), true);
    assert.equal(isPanicking(1, 10, 0), false);
    assert.equal(isPanicking(0, 0, 100), false);
  });
});

describe("zones", () => {
  const member = fc.record({
    zone: fc.constantFrom("a", "b", "c"),
    weight: fc.integer({ min: 1, max: 9 }),
    eligible: fc.boolean(),
  });
  const members = fc.array(member, { minLength: 1, maxLength: 12 });
  const mode = fc.constantFrom("ignore" as const, "weighted" as const, "nearest" as const);
  const weights = [{ zone: "b", weight: 3 }];
  const part = (all: readonly ZoneMember[], result: Float64Array, zone: string): number =>
    sum(result.filter((_, i) => all[i].zone === zone)) / sum(result);
  const create = (zones: string, down = ""): ZoneMember[] =>
    [...zones].map((zone, i) => ({ zone, weight: 1, eligible: down[i] !== "x" }));

  test("never give an ineligible endpoint weight, keep the sum, and the proportions within a zone", () => {
    fc.assert(
      fc.property(members, mode, fc.constantFrom("a", "z"), (all, how, own) => {
        const result = localityWeights(all, { mode: how, own, weights }, 1.4);
        const eligible = sum(all.map(({ weight, eligible: is }) => (is ? weight : 0)));
        near(sum(result), eligible);
        all.forEach((one, i) => {
          if (!one.eligible) assert.equal(result[i], 0);
          const other = all.findIndex(({ zone, eligible: is }) => is && zone === one.zone);
          if (one.eligible) near(result[i] * all[other].weight, result[other] * one.weight);
        });
      }),
    );
  });

  test("weighted: each has its weight's share, less when it is not healthy enough", () => {
    const spec = { mode: "weighted", own: "", weights } as const;
    const whole = create("aaab");
    near(part(whole, localityWeights(whole, spec, 1.4), "b"), 0.75);
    // 1.4 x 1/2: b claims 3 x 0.7 beside the 1 of a.
    const hurt = create("aabb", "...x");
    near(part(hurt, localityWeights(hurt, spec, 1.4), "b"), 2.1 / 3.1);
  });

  test("nearest: all stays at home until too few are healthy there; the rest goes where endpoints are", () => {
    const spec = { mode: "nearest", own: "a", weights: [] } as const;
    const whole = create("aabbbc");
    near(part(whole, localityWeights(whole, spec, 1.4), "a"), 1);
    const hurt = create("aabbbc", ".x");
    const result = localityWeights(hurt, spec, 1.4);
    near(part(hurt, result, "a"), 0.7);
    near(part(hurt, result, "b"), 0.3 * 0.75);
    const alone = create("aab", ".xx");
    near(part(alone, localityWeights(alone, spec, 1.4), "a"), 1);
    const foreign = create("bbc");
    near(part(foreign, localityWeights(foreign, spec, 1.4), "b"), 2 / 3);
  });
});

describe("subsets", () => {
  const setup = fc.record({
    weights: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 }),
    size: fc.integer({ min: 1, max: 45 }),
    of: fc.integer({ min: 1, max: 30 }),
  });
  const create = (weights: readonly number[]) => weights.map((weight, i) => ({ id: `e${i}`, weight }));

  test("over all processes every endpoint is used in proportion to its weight", () => {
    fc.assert(
      fc.property(setup, ({ weights, size, of }) => {
        const members = create(weights);
        const used = new Float64Array(weights.length);
        for (let index = 0; index < of; index++) {
          subsetWeights(members, { size, index, of }).forEach((weight, i) => {
            assert.ok(weight >= 0 && weight <= weights[i]);
            used[i] += weight;
          });
        }
        const lapsEach = used[0] / weights[0];
        used.forEach((total, i) => {
          assert.ok(
            Math.abs(total / weights[i] - lapsEach) < 1e-4,
            `endpoint ${i}: ${total / weights[i]} of ${lapsEach}`,
          );
        });
      }),
    );
  });

  test("each process has at least its size of equal endpoints, and not many more", () => {
    fc.assert(
      fc.property(setup, ({ weights, size, of }) => {
        const members = create(weights.map(() => 2));
        for (let index = 0; index < of; index++) {
          const count = subsetWeights(members, { size, index, of }).filter((weight) => weight > 0).length;
          assert.ok(count >= Math.min(size, members.length));
          assert.ok(count <= size + members.length / of + 2, `${count} for ${size}`);
        }
      }),
    );
  });

  test("do not depend on the order of the list", () => {
    const members = create([1, 2, 3, 4, 5, 6]);
    const spec = { size: 2, index: 1, of: 5 };
    assert.deepEqual(subsetWeights(members.toReversed(), spec).reverse(), subsetWeights(members, spec));
  });
});

describe("slow start", () => {
  const spec = { windowMs: 10_000, aggression: 1, minPercent: 10 };

  test("rises from its least share to the whole", () => {
    assert.equal(slowStartFactor(-5, spec), 0.1);
    assert.equal(slowStartFactor(500, spec), 0.1);
    assert.equal(slowStartFactor(5000, spec), 0.5);
    assert.equal(slowStartFactor(10_000, spec), 1);
    assert.equal(slowStartFactor(2500, { ...spec, aggression: 2 }), 0.5);
  });

  test("never falls, and stays within its bounds", () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), fc.double({ min: 0.1, max: 10, noNaN: true }), (a, b, aggression) => {
        const factor = (age: number) => slowStartFactor(age, { ...spec, aggression });
        assert.ok(factor(Math.min(a, b)) <= factor(Math.max(a, b)));
        assert.ok(factor(a) >= 0.1 && factor(a) <= 1);
      }),
    );
  });
});
