import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { State } from "../../model/cells.js";
import type { OutlierSpec } from "../../model/spec.js";
import { createClusterSpec, createOutlierSpec } from "../../testing/specs.js";
import { createFixture } from "./monitor.test.support.js";

const failing = { failurePercent: { threshold: 50, minVolume: 10, minEndpoints: 1 } };

/** A cluster of which endpoints fail as `work` says: per call an interval, with so many failures of 100 each. */
function createWorking(size: number, changes: Partial<OutlierSpec>) {
  const spec = createClusterSpec(size, { outlier: createOutlierSpec(changes) });
  const fixture = createFixture([spec]);
  const { figures, clock } = fixture;
  for (const { id } of spec.endpoints) figures.set(id, { succeeded: 0, failed: 0, responses: 0, responseMs: 0 });
  clock.advance(10_000);
  const work = (failures: readonly number[], ms: readonly number[] = []): string[] => {
    failures.forEach((failed, index) => {
      const before = figures.get(`e${index}`)!;
      figures.set(`e${index}`, {
        succeeded: before.succeeded + 100 - failed,
        failed: before.failed + failed,
        responses: before.responses + 100,
        responseMs: before.responseMs + 100 * (ms[index] ?? 5),
      });
    });
    clock.advance(10_000);
    return fixture.take();
  };
  return { ...fixture, spec, work };
}

test("an endpoint that fails half of its tries within an interval is ejected, with the figures as the reason", () => {
  const { work, monitor } = createWorking(4, failing);
  assert.deepEqual(work([0, 49, 0, 0]), []);
  assert.deepEqual(work([0, 50, 0, 0]), [
    "web/e1 unknown -> ejected: 50 % of 100 failed, the limit is 50 %, ejected for 30000 ms",
  ]);
  const count = monitor.counts("web").ejections.find(({ detector }) => detector === "failure-percent");
  assert.deepEqual(count, { detector: "failure-percent", ejected: 1, spared: 0 });
});

test("what failed before the interval, or while the endpoint was out, does not count again", () => {
  const { work, clock, take } = createWorking(4, failing);
  work([0, 90, 0, 0]);
  work([0, 90, 0, 0]);
  work([0, 90, 0, 0]);
  assert.deepEqual(work([0, 0, 0, 0]), ["web/e1 ejected -> unknown: ejection of 30000 ms is over"]);
  clock.advance(50_000);
  assert.deepEqual(take(), []);
});

test("the worst is ejected where not all that stand out may be", () => {
  const { work, take } = createWorking(4, { ...failing, maxEjectionPercent: 25 });
  assert.deepEqual(work([60, 90, 70, 0]), [
    "web/e1 unknown -> ejected: 90 % of 100 failed, the limit is 50 %, ejected for 30000 ms",
    "web/e2 unknown -> unknown: 70 % of 100 failed, the limit is 50 %, but not ejected: no more than 25 % may be ejected",
    "web/e0 unknown -> unknown: 60 % of 100 failed, the limit is 50 %, but not ejected: no more than 25 % may be ejected",
  ]);
  assert.deepEqual(take(), []);
});

test("that an endpoint is spared is told once, whatever the figures, but counted each time", () => {
  const { work, monitor } = createWorking(1, failing);
  assert.equal(work([60]).length, 1);
  assert.deepEqual([...work([70]), ...work([80])], []);
  const count = monitor.counts("web").ejections.find(({ detector }) => detector === "failure-percent");
  assert.deepEqual(count, { detector: "failure-percent", ejected: 0, spared: 3 });
});

test("response times are asked for only where they are compared, and compared from then on", () => {
  const { work, update, asked, spec } = createWorking(3, failing);
  work([0, 0, 0], [500, 5, 5]);
  assert.ok(asked.length > 0 && asked.every((timed) => !timed));
  asked.length = 0;
  const latency = { factor: 3, minMs: 10, minVolume: 10, minEndpoints: 3 };
  update([{ ...spec, outlier: createOutlierSpec({ ...failing, latency }) }]);
  assert.deepEqual(work([0, 0, 0]), []);
  assert.ok(asked.length > 0 && asked.every((timed) => timed));
  assert.equal(work([0, 0, 0], [500, 5, 5]).length, 1);
});

test("success rate and response time eject who stands out among the neighbours", () => {
  const { work } = createWorking(6, {
    successRate: { stdevFactor: 1.9, minVolume: 10, minEndpoints: 5, minFailurePercent: 5 },
    latency: { factor: 3, minMs: 10, minVolume: 10, minEndpoints: 3 },
  });
  const events = work([0, 40, 0, 0, 0, 0], [5, 5, 5, 5, 5, 80]);
  assert.deepEqual(
    events.map((event) => event.slice(0, 50)),
    ["web/e1 unknown -> ejected: success rate 60 % of 10", "web/e5 unknown -> ejected: mean response time 80 m"],
  );
});

test("nobody looks where no rate has a limit, and a reload that gives one begins with what is counted from then on", () => {
  const { work, update, clock, spec, take } = createWorking(2, {});
  assert.equal(clock.pending, 0);
  work([100, 0]);
  update([{ ...spec, outlier: createOutlierSpec(failing) }]);
  assert.equal(clock.pending, 1);
  clock.advance(10_000);
  assert.deepEqual(take(), []);
  assert.equal(work([100, 0]).length, 1);
  update([]);
  assert.equal(clock.pending, 0);
});

test("an endpoint whose figures begin anew is judged from then on", () => {
  const { work, figures, clock, take } = createWorking(2, failing);
  work([0, 0]);
  figures.set("e0", { succeeded: 0, failed: 80, responses: 80, responseMs: 400 });
  clock.advance(10_000);
  assert.deepEqual(take(), []);
  assert.equal(work([80, 0]).length, 1);
});

test("whatever endpoints do, one stays usable and no more than the share is out", () => {
  const intervals = fc.array(fc.array(fc.nat(100), { minLength: 8, maxLength: 8 }), { maxLength: 12 });
  const sizes = fc.integer({ min: 1, max: 8 });
  fc.assert(
    fc.property(sizes, intervals, fc.nat(100), fc.nat(3), (size, rounds, maxEjectionPercent, consecutive) => {
      const { work, monitor, board } = createWorking(size, {
        failurePercent: { threshold: 30, minVolume: 1, minEndpoints: 1 },
        successRate: { stdevFactor: 0.5, minVolume: 1, minEndpoints: 2, minFailurePercent: 1 },
        latency: { factor: 1.5, minMs: 1, minVolume: 1, minEndpoints: 2 },
        maxEjectionPercent,
        ejectionMs: 15_000,
      });
      for (const round of rounds) {
        const rows = round.slice(0, size);
        work(rows, [...rows].reverse());
        monitor.reportFailures("web", `e${consecutive}`, "consecutiveFailures");
        const { endpoints } = monitor.status()[0];
        const out = endpoints.filter(({ state }) => state === "ejected");
        assert.ok(out.length < size, "one stays usable");
        assert.ok(out.length * 100 <= size * maxEjectionPercent, "no more than the share is out");
        for (const { id, state } of endpoints)
          assert.equal((board.state("web", id)! & State.EJECTED) !== 0, state === "ejected");
      }
      monitor.close();
    }),
  );
});
