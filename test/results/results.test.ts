/**
 * Known results, reproduced in small: each claim of docs/results.md keeps its direction and about its size. UPDATE_DOCS=1 runs
 * the experiments at full size, which takes a minute or two, and writes their figures into the document.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT } from "../../bench/root.js";
import { antagonists, antagonistTable } from "./antagonists.js";
import { POLICIES, queue, queueTable, SERVICE_MS, theory } from "./queues.js";
import { storm, stormTable } from "./retry-storm.js";
import { oneSlow, slowTable } from "./slow-endpoint.js";
import { ballTable, throwBalls } from "./two-choices.js";
import { SEED } from "./world.js";

const DOCUMENT = join(ROOT, "docs", "results.md");
const TABLES: readonly (readonly [name: string, create: (full: boolean) => string])[] = [
  ["balls", ballTable],
  ["queues", queueTable],
  ["storm", stormTable],
  ["slow", slowTable],
  ["antagonists", antagonistTable],
];

describe(`known results (seed ${SEED})`, () => {
  test("with two choices the most loaded endpoint has far less than with one", () => {
    const [{ random, twoChoices }] = throwBalls([1000]);
    assert.ok(random >= 4.5 && random <= 7, `random: ${random}`);
    assert.ok(twoChoices >= 2.5 && twoChoices <= 3.5, `p2c: ${twoChoices}`);
  });

  test("queues are as long as theory says, and the more a policy looks the shorter they are", () => {
    const means = POLICIES.map((policy) => queue(policy, 200_000).mean);
    const [random, roundRobin, twoChoices, leastRequest] = means;
    const near = (mean: number, policy: (typeof POLICIES)[number], share: number): void =>
      assert.ok(Math.abs(mean / theory(policy) - 1) < share, `${policy}: ${mean} against ${theory(policy)}`);
    near(random, "random", 0.12);
    near(roundRobin, "round-robin", 0.12);
    near(twoChoices, "p2c", 0.1);
    assert.ok(leastRequest > theory("least-request") * 0.98 && leastRequest < 1.5 * SERVICE_MS, `${leastRequest}`);
    assert.deepEqual(
      means,
      means.toSorted((a, b) => b - a),
    );
  });

  test("after a hiccup at 70 % load a service comes back with a retry budget, and does not without one", () => {
    const none = storm("no retries", 0.7, 1);
    const budget = storm("3 retries, budget 20 %", 0.7, 1);
    const unlimited = storm("3 retries, no budget", 0.7, 1);
    for (const { before } of [none, budget, unlimited]) assert.ok(before > 0.98, `${before}`);
    assert.ok(none.after > 0.98, `${none.after}`);
    assert.ok(budget.after > 0.98, `${budget.after}`);
    assert.ok(unlimited.after < 0.2, `${unlimited.after}`);
    assert.ok(unlimited.triesPerRequest > 3, `${unlimited.triesPerRequest}`);
  });

  test("who looks at what is in flight spares an endpoint that is 20 times slower", () => {
    const turns = oneSlow("round-robin", 60_000);
    const looks = oneSlow("least-request", 60_000);
    assert.ok(turns.share > 0.33 && looks.share < 0.07, `${turns.share}, ${looks.share}`);
    assert.ok(looks.mean < turns.mean / 3, `${looks.mean}, ${turns.mean}`);
  });

  for (const policy of ["peak-ewma", "least-time", "prequal"] as const) {
    test(`${policy} lets clients hardly notice it: p99 at most a fifth of that of round robin`, () => {
      const turns = oneSlow("round-robin", 60_000);
      const weighs = oneSlow(policy, 60_000);
      assert.ok(weighs.p99 <= turns.p99 / 5, `${weighs.p99}, ${turns.p99}`);
      assert.ok(weighs.share < 0.02, `${weighs.share}`);
    });
  }

  test("where endpoints are slowed down in turn, prequal's p99 is a fraction of that of round robin", () => {
    const wrr = antagonists("round-robin", 0.7, 20_000);
    const prequal = antagonists("prequal", 0.7, 20_000);
    assert.ok(prequal.p99 < wrr.p99 / 5, `${prequal.p99}, ${wrr.p99}`);
    assert.ok(prequal.p50 <= wrr.p50 * 1.05, `${prequal.p50}, ${wrr.p50}`);
  });
});

for (const [name, create] of TABLES) {
  test(`docs/results.md has the table of ${name}`, () => {
    const begin = `<!-- generated: ${name} -->\n`;
    const [before, rest = ""] = readFileSync(DOCUMENT, "utf8").split(begin);
    const end = rest.indexOf("<!-- end -->");
    assert.ok(end >= 0, `it has the markers of ${name}`);
    if (process.env.UPDATE_DOCS === "1") writeFileSync(DOCUMENT, before + begin + create(true) + rest.slice(end));
    // The figures are those of the full size: here only what does not depend on it is compared.
    else assert.equal(rest.slice(0, end).split("\n")[0], create(false).split("\n")[0]);
  });
}
