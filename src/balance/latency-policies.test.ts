/** The policies that weigh latency, against modelled endpoints on a virtual clock. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createRandom } from "../base/random.js";
import { ClusterCell, EndpointCell } from "../model/cells.js";
import { Query } from "../model/query.js";
import type { BalanceName } from "../model/spec.js";
import { createNodes, createPickerFor, createSetup } from "../testing/nodes.js";
import { createBalanceSpec } from "../testing/specs.js";
import { avoid, observe, penalise } from "./latency.js";

const WEIGHING = ["peak-ewma", "least-time", "prequal"] as const;

interface Answer {
  /** Milliseconds until it comes. */
  readonly after: number;
  readonly failed?: boolean;
}

/** `answer` of endpoint `index` at `now`, for requests that arrive each millisecond at random; the seed is fixed. */
function run(policy: BalanceName, size: number, ms: number, answer: (index: number, now: number) => Answer) {
  const spec = createBalanceSpec(policy);
  const nodes = createNodes(new Array<number>(size).fill(1));
  const setup = createSetup(nodes, 7);
  const { cells } = setup;
  const arrivals = createRandom(11);
  const picker = createPickerFor(spec, nodes, setup);
  const query = new Query();
  const due = new Map<number, (() => void)[]>();
  const latencies: number[] = [];
  /** Picks of each node, second by second. */
  const counts: number[][] = [];
  for (let now = 1; now <= ms; now++) {
    for (const finish of due.get(now) ?? []) finish();
    due.delete(now);
    if (now % 1000 === 1) counts.push(new Array<number>(size).fill(0));
    for (let left = arrivals.below(3); left > 0; left--) {
      query.reset(0);
      query.now = now;
      const node = picker.pick(query)!;
      counts.at(-1)![node.slot]++;
      const { after, failed = false } = answer(node.slot, now);
      latencies.push(after);
      cells[node.at]++;
      cells[setup.cluster + ClusterCell.ACTIVE]++;
      const finish = () => {
        cells[node.at]--;
        cells[setup.cluster + ClusterCell.ACTIVE]--;
        if (failed) penalise(cells, node.at, spec.penaltyMs, now + after, spec.decayMs);
        else observe(cells, node.at, after, now + after, spec.decayMs);
      };
      due.set(now + after, [...(due.get(now + after) ?? []), finish]);
    }
  }
  latencies.sort((a, b) => a - b);
  const share = (index: number, from = 0, to = counts.length): number => {
    const some = counts.slice(from, to);
    return some.reduce((sum, row) => sum + row[index], 0) / some.flat().reduce((sum, count) => sum + count, 0);
  };
  return { p99: latencies[Math.floor(latencies.length * 0.99)], share };
}

/** About 5 ms, as most services: a few take three times as long. */
function usual(factor = 1): Answer {
  return { after: factor * (4 + (noise.below(10) === 0 ? 11 : noise.below(3))) };
}
const noise = createRandom(3);

describe("one of three endpoints is 20 times slower", () => {
  const slow = (index: number): Answer => usual(index === 0 ? 20 : 1);
  for (const policy of WEIGHING) {
    test(`${policy}: p99 is at most a fifth of that of round robin`, () => {
      const ours = run(policy, 3, 30_000, slow).p99;
      const theirs = run("round-robin", 3, 30_000, slow).p99;
      assert.ok(ours <= theirs / 5, `${ours} ms against ${theirs} ms`);
    });
  }
});

for (const policy of WEIGHING) {
  describe(policy, () => {
    test("shares alike among endpoints that are alike", () => {
      const { share } = run(policy, 10, 30_000, () => usual());
      for (let i = 0; i < 10; i++) assert.ok(share(i) > 0.06 && share(i) < 0.15, `endpoint ${i}: ${share(i)}`);
    });

    test("leaves an endpoint that fails at once, though nobody answers faster", () => {
      const { share } = run(policy, 5, 10_000, (index) => (index === 2 ? { after: 1, failed: true } : usual()));
      assert.ok(share(2) < 0.02, `the failing one got ${share(2)}`);
    });

    test("comes back to an endpoint that has recovered", () => {
      const { share } = run(policy, 4, 150_000, (index, now) => usual(index === 1 && now < 20_000 ? 50 : 1));
      assert.ok(share(1, 1, 20) < 0.05, `while slow: ${share(1, 1, 20)}`);
      assert.ok(share(1, 120) > 0.1, `afterwards: ${share(1, 120)}`);
    });

    test("tries an endpoint of which nothing is known, but not with everything", () => {
      const nodes = createNodes([1, 1, 1, 1]);
      const setup = createSetup(nodes, 1);
      for (const node of nodes.slice(1)) observe(setup.cells, node.at, 5, 1000, 10_000);
      const picker = createPickerFor(createBalanceSpec(policy), nodes, setup);
      const query = new Query();
      const counts = [0, 0, 0, 0];
      for (let i = 0; i < 20; i++) {
        query.now = 1000;
        const node = picker.pick(query)!;
        setup.cells[node.at]++;
        counts[node.slot]++;
      }
      // All of them are still under way: the new one has told nothing yet.
      assert.ok(counts[0] >= 1 && counts[0] <= 2, `${counts[0]} requests`);
    });

    test("prefers others to an endpoint that asked for a pause, until it is over", () => {
      const nodes = createNodes([1, 1]);
      const setup = createSetup(nodes, 1);
      observe(setup.cells, nodes[0].at, 1, 1000, 10_000);
      observe(setup.cells, nodes[1].at, 100, 1000, 10_000);
      avoid(setup.cells, nodes[0].at, 3000, 1000);
      const picker = createPickerFor(createBalanceSpec(policy), nodes, setup);
      const query = new Query();
      const picked = (now: number): Set<number> => {
        query.now = now;
        return new Set(Array.from({ length: 50 }, () => picker.pick(query)!.slot));
      };
      assert.deepEqual([...picked(3999)], [1]);
      assert.ok(picked(4000).has(0));
      query.addTried(nodes[1].slot);
      assert.deepEqual([...picked(2000)], [0], "nobody else is left");
    });
  });
}

test("prequal looks at load before latency once an endpoint is hot", () => {
  const nodes = createNodes(new Array<number>(20).fill(1));
  const setup = createSetup(nodes, 5);
  for (const node of nodes) {
    setup.cells[node.at + EndpointCell.ACTIVE] = node.slot === 0 ? 50 : 5;
    observe(setup.cells, node.at, node.slot === 0 ? 1 : 20, 1000, 10_000);
  }
  const picker = createPickerFor(createBalanceSpec("prequal"), nodes, setup);
  const query = new Query();
  query.now = 1000;
  const counts = new Array<number>(20).fill(0);
  // The first picks still have to see how load is spread.
  for (let i = 0; i < 50; i++) picker.pick(query);
  for (let i = 0; i < 1000; i++) counts[picker.pick(query)!.slot]++;
  assert.ok(counts[0] <= 2, `the fastest, but hot endpoint got ${counts[0]} of 1000`);
});
