import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LoadReport } from "./load-report.js";
import { reportFactors } from "./report-weights.js";

const report = (utilization: number, rps: number, eps = 0): LoadReport => ({ utilization, rps, eps });

test("an endpoint that does the same work at half the use gets twice as much", () => {
  assert.deepEqual([...reportFactors([1, 1], [report(0.8, 100), report(0.4, 100)], 1)], [0.65, 1.35]);
});

test("errors cost, as much as was configured", () => {
  assert.deepEqual([...reportFactors([1, 1], [report(0.5, 100), report(0.5, 100, 50)], 1)], [1.35, 0.65]);
  assert.deepEqual([...reportFactors([1, 1], [report(0.5, 100), report(0.5, 100, 50)], 0)], [1, 1]);
});

test("a weight that says what the reports say does not count twice", () => {
  assert.deepEqual([...reportFactors([3, 1, 5], [report(0.5, 300), report(0.5, 100), undefined], 1)], [1, 1, 1]);
  assert.deepEqual([...reportFactors([3, 1], [report(0.5, 100), report(0.5, 100)], 1)], [0.65, 2]);
});

test("who reports nothing, or nothing useful, keeps its weight", () => {
  const weights = [1, 2, 3, 4];
  assert.deepEqual(
    [...reportFactors(weights, [undefined, report(0, 100), report(0.5, 0), report(0.5, 100)], 1)],
    [1, 1, 1, 1],
  );
  assert.deepEqual([...reportFactors([], [], 1)], []);
});

test("no report gives an endpoint nothing, or everything", () => {
  const figure = fc.double({ min: 0, max: 1e6, noNaN: true });
  const any = fc.option(fc.record({ utilization: figure, rps: figure, eps: figure }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 8 }), fc.double({ min: 0, max: 10, noNaN: true }), (reports, penalty) => {
      const weights = reports.map((_, i) => i % 4);
      const factors = reportFactors(weights, reports, penalty);
      assert.equal(factors.length, reports.length);
      for (const factor of factors) assert.ok(factor >= 0.1 && factor <= 10, `${factor}`);
    }),
    {
      examples: [
        [
          [
            { utilization: 1, rps: 5e-324, eps: 1e6 },
            { utilization: 1, rps: 1, eps: 0 },
          ],
          0,
        ],
      ],
    },
  );
});
