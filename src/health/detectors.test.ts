/** The three detectors that compare rates: tables, and the laws that hold for all of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { createOutlierSpec } from "../testing/specs.js";
import { findFailing } from "./failure-percent.js";
import { difference, type Figures, type Sample, type Suspect } from "./rates.js";
import { findSlow } from "./slow.js";
import { findUnsuccessful } from "./success-rate.js";

/** Endpoint `e<index>` with so many tries, of which so many failed; each took `ms`. */
const sample = (index: number, volume: number, failed: number, ms = 5): Sample => ({
  id: `e${index}`,
  succeeded: volume - failed,
  failed,
  responses: volume,
  responseMs: volume * ms,
});
const ids = (suspects: readonly Suspect[]): string => suspects.map(({ id }) => id).join(" ");
const row = (failed: readonly number[], volume = 100): Sample[] =>
  failed.map((count, index) => sample(index, volume, count));

describe("the success rate", () => {
  const spec = { stdevFactor: 1.9, minVolume: 100, minEndpoints: 5, minFailurePercent: 5 };

  for (const [what, samples, changes, expected] of [
    ["one that fails half", row([0, 1, 0, 50, 1]), {}, "e3"],
    ["nobody where all fail alike", row([50, 52, 49, 51, 50]), {}, ""],
    ["nobody for a small difference", row([0, 0, 0, 4, 0]), {}, ""],
    ["the same difference where that is wanted", row([0, 0, 0, 4, 0]), { minFailurePercent: 0 }, "e3"],
    [
      "nobody of two that differ from eight others by less than the factor",
      row([0, 0, 0, 0, 0, 0, 0, 40, 40]),
      { stdevFactor: 2 },
      "",
    ],
    [
      "both of them with a smaller factor, the worse first",
      row([0, 0, 0, 0, 0, 0, 0, 40, 41]),
      { stdevFactor: 1.5 },
      "e8 e7",
    ],
    ["nobody of too few endpoints", row([0, 0, 0, 90]), {}, ""],
    ["nobody of too little volume", row([0, 0, 0, 0, 90], 99), {}, ""],
    ["nobody when it is off", row([0, 0, 0, 0, 90]), { stdevFactor: 0 }, ""],
    ["nobody of nobody", [], { minEndpoints: 1 }, ""],
  ] as const) {
    test(`finds ${what}`, () => {
      assert.equal(ids(findUnsuccessful(samples, { ...spec, ...changes })), expected);
    });
  }

  test("leaves those with too little volume out of the comparison too", () => {
    const samples = [...row([0, 1, 0, 50, 1]), sample(9, 10, 10)];
    assert.equal(ids(findUnsuccessful(samples, spec)), "e3");
  });

  test("gives its figures as the reason", () => {
    const [{ cause }] = findUnsuccessful(row([0, 1, 0, 50, 1]), spec);
    assert.equal(cause, "success rate 50 % of 100 below 52 % (mean 89.6 %)");
  });
});

describe("the failure percentage", () => {
  const spec = { threshold: 50, minVolume: 20, minEndpoints: 2 };

  for (const [what, samples, changes, expected] of [
    ["who reaches the limit, the worst first", row([49, 50, 90]), {}, "e2 e1"],
    ["all, should all fail", row([99, 99]), {}, "e0 e1"],
    ["nobody of too few endpoints", row([99]), {}, ""],
    ["nobody of too little volume", row([19, 19], 19), {}, ""],
    ["nobody when it is off", row([99, 99]), { threshold: 0 }, ""],
  ] as const) {
    test(`finds ${what}`, () => {
      assert.equal(ids(findFailing(samples, { ...spec, ...changes })), expected);
    });
  }

  test("gives its figures as the reason", () => {
    assert.equal(findFailing(row([0, 50]), spec)[0].cause, "50 % of 100 failed, the limit is 50 %");
  });
});

describe("the response time", () => {
  const spec = { factor: 3, minMs: 10, minVolume: 20, minEndpoints: 3 };
  const slow = (means: readonly number[], volume = 20): Sample[] =>
    means.map((ms, index) => sample(index, volume, 0, ms));

  for (const [what, samples, changes, expected] of [
    ["who is slower than the factor", slow([5, 6, 100, 5]), {}, "e2"],
    ["several, the slowest first", slow([5, 5, 5, 5, 90, 100]), {}, "e5 e4"],
    ["nobody at the factor itself", slow([5, 5, 15]), {}, ""],
    ["nobody who is still fast", slow([0.1, 0.1, 9]), {}, ""],
    ["nobody where most are slow", slow([5, 100, 110, 120]), {}, ""],
    ["nobody of too few endpoints", slow([5, 100]), {}, ""],
    ["the slower of two where two are enough", slow([5, 100]), { minEndpoints: 2 }, "e1"],
    ["nobody of too little volume", slow([5, 5, 100], 19), {}, ""],
    ["nobody when it is off", slow([5, 5, 100]), { factor: 0 }, ""],
  ] as const) {
    test(`finds ${what}`, () => {
      assert.equal(ids(findSlow(samples, { ...spec, ...changes })), expected);
    });
  }

  test("gives its figures as the reason", () => {
    const { cause } = findSlow(slow([5, 6, 100, 5]), spec)[0];
    assert.equal(cause, "mean response time 100 ms, more than 3 times the median 5 ms");
  });
});

describe("all of them", () => {
  const outlier = createOutlierSpec({
    successRate: { stdevFactor: 1.9, minVolume: 10, minEndpoints: 3, minFailurePercent: 5 },
    failurePercent: { threshold: 40, minVolume: 10, minEndpoints: 1 },
    latency: { factor: 2, minMs: 1, minVolume: 10, minEndpoints: 2 },
  });
  const anySamples = fc.array(fc.tuple(fc.nat(200), fc.nat(200), fc.nat(500)), { maxLength: 20 }).map((rows) =>
    rows.map(([succeeded, failed, ms], index): Sample => {
      const responses = succeeded + (failed >> 1);
      return { id: `e${index}`, succeeded, failed, responses, responseMs: responses * ms };
    }),
  );
  const finders: readonly ((samples: readonly Sample[]) => Suspect[])[] = [
    (samples) => findUnsuccessful(samples, outlier.successRate),
    (samples) => findFailing(samples, outlier.failurePercent),
    (samples) => findSlow(samples, outlier.latency),
  ];

  test("find the same in any order, nobody twice, and nobody below the volume", () => {
    fc.assert(
      fc.property(anySamples, fc.constantFrom(...finders), (samples, find) => {
        const found = find(samples);
        const again = find([...samples].reverse());
        assert.deepEqual([...found].map(({ id }) => id).sort(), [...again].map(({ id }) => id).sort());
        assert.equal(new Set(found.map(({ id }) => id)).size, found.length);
        for (const { id, cause } of found) {
          const { succeeded, failed, responses } = samples.find((one) => one.id === id)!;
          assert.ok(succeeded + failed >= 10 || responses >= 10);
          assert.doesNotMatch(cause, /NaN|Infinity|undefined/);
        }
      }),
    );
  });

  test("find nobody among equals, but for a fixed limit", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.integer({ min: 1, max: 20 }), (failed, ms, size) => {
        const samples = Array.from({ length: size }, (_, index) => sample(index, 100, failed, ms));
        assert.deepEqual(findUnsuccessful(samples, outlier.successRate), []);
        assert.deepEqual(findSlow(samples, outlier.latency), []);
        assert.equal(findFailing(samples, outlier.failurePercent).length, failed >= 40 ? size : 0);
      }),
    );
  });

  test("are relative to the best: of the success rate and the response time never all endpoints stand out", () => {
    fc.assert(
      fc.property(anySamples, (samples) => {
        for (const find of [finders[0], finders[2]]) {
          const found = find(samples);
          assert.ok(found.length === 0 || found.length < samples.length);
        }
      }),
    );
  });
});

test("what was counted in an interval is the difference, and nothing where a figure fell", () => {
  const before: Figures = { succeeded: 10, failed: 2, responses: 11, responseMs: 50 };
  const now: Figures = { succeeded: 15, failed: 2, responses: 16, responseMs: 75 };
  assert.deepEqual(difference("a", now, before), { id: "a", succeeded: 5, failed: 0, responses: 5, responseMs: 25 });
  assert.equal(difference("a", before, now), undefined);
});
