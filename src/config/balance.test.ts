import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ClusterSpec } from "../model/spec.js";
import { type Loaded, loadText } from "./load.js";
import { ConfigError, formatPath } from "./problem.js";

const load = (cluster: string): Loaded =>
  loadText("a.yaml", `listeners: [{ address: :80, cluster: a }]\nclusters:\n  a: { ${cluster} }\n`, {
    environment: {},
    cores: 1,
  });
const three = 'endpoints: [":1", ":2", { address: ":3", zone: x }]';
const clusterOf = (keys: string): ClusterSpec => load(`${three}, ${keys}`).spec.clusters[0];

/** Path below the cluster, message and hint of the first problem. */
function problem(keys: string): string {
  try {
    load(`${three}, ${keys}`);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const { path, message, hint } = error.problems[0];
    return `${formatPath(path.slice(2))}: ${message}${hint === undefined ? "" : ` | ${hint}`}`;
  }
  return "";
}

describe("balance", () => {
  test("is a name or a mapping, and complete either way", () => {
    assert.deepEqual(clusterOf("balance: maglev").balance, clusterOf("balance: { policy: maglev }").balance);
    assert.deepEqual(clusterOf("balance: peak-ewma").balance, {
      policy: "peak-ewma",
      hashOn: [],
      boundedLoad: 0,
      tableSize: 65_537,
      decayMs: 10_000,
      penaltyMs: 1000,
      prequal: { candidates: 5, hotQuantile: 0.84, staleMs: 10_000 },
    });
  });

  test("hashes one thing or the first of several; header names have no case", () => {
    const hashOn = (keys: string) => clusterOf(`balance: { policy: rendezvous${keys} }`).balance.hashOn;
    assert.deepEqual(hashOn(""), [{ from: "source" }]);
    assert.deepEqual(hashOn(", hashOn: path"), [{ from: "path" }]);
    assert.deepEqual(hashOn(", hashOn: { header: X-User }"), [{ from: "header", name: "x-user" }]);
    assert.deepEqual(hashOn(", hashOn: [{ cookie: Sid }, { query: q }, request-id]"), [
      { from: "cookie", name: "Sid" },
      { from: "query", name: "q" },
      { from: "request-id" },
    ]);
  });

  const wrong: [keys: string, problem: string][] = [
    ["balance: maglevs", 'balance: "maglevs" is not known here | did you mean maglev?'],
    ["balance: { policy: p3c }", 'balance.policy: "p3c" is not known here | did you mean p2c?'],
    ["balance: { hashOn: path }", "balance: the key policy is missing"],
    [
      "balance: { policy: p2c, decay: 1s }",
      "balance.decay: p2c has no use for decay | peak-ewma, least-time, prequal can",
    ],
    [
      "balance: { policy: source-address, hashOn: path }",
      "balance.hashOn: source-address has no use for hashOn | write policy: ring-hash",
    ],
    ["balance: { policy: maglev, hashOn: [] }", "balance.hashOn: there is nothing to hash | write [source]"],
    ["balance: { policy: maglev, tableSize: 65536 }", "balance.tableSize: 65536 is not a prime number | 65537 is one"],
    ["balance: { policy: maglev, tableSize: 7 }", "balance.tableSize: 7 is too small | the least is 1009"],
    ["balance: { policy: maglev, boundedLoad: 1 }", "balance.boundedLoad: not such a factor: 1"],
    [
      "balance: { policy: maglev, hashOn: { header: A, cookie: b } }",
      "balance.hashOn: one of header, cookie, query is meant | for several write a list: the first that is there counts",
    ],
    [
      "balance: maglev, loadReports: true",
      "loadReports: maglev has no use for loadReports | weights that change all the time would move keys",
    ],
    ["balance: { policy: prequal, hotQuantile: 1.5 }", "balance.hotQuantile: not such a share: 1.5"],
    ["balance: { policy: prequal, candidates: 1 }", "balance.candidates: 1 is too small | the least is 2"],
  ];
  for (const [keys, expected] of wrong) test(`refuses ${keys}`, () => assert.equal(problem(keys), expected));

  test("warns of first without a limit", () => {
    const messages = (cluster: string) => load(cluster).warnings.map(({ message }) => message);
    const endpoints = (limit: string) => `endpoints: [{ address: ":1"${limit} }, ":2"], balance: first`;
    assert.deepEqual(messages(endpoints("")), ["the first endpoint has no limit: it gets everything"]);
    assert.deepEqual(messages(endpoints(", maxConnections: 5")), []);
  });
});

describe("stages", () => {
  test("slow start may be its window alone", () => {
    assert.deepEqual(clusterOf("slowStart: 30s").stages.slowStart, { windowMs: 30_000, aggression: 1, minPercent: 10 });
    assert.deepEqual(clusterOf("slowStart: { window: 30s }").stages, clusterOf("slowStart: 30s").stages);
  });

  const wrong: [keys: string, problem: string][] = [
    ["locality: { mode: nearest }", "locality: nearest needs to know where this process is | add own: ZONE"],
    ["subset: { size: 3, index: 4, of: 4 }", "subset.index: there is no 4 among 4 processes | the first process is 0"],
    ["failover: { overprovisioning: 0.9 }", "failover.overprovisioning: 0.9 is too small | the least is 1"],
    ["failover: { threshold: 5 }", "failover.threshold: unknown key threshold | write panic"],
    ["slowStart: { window: 0s }", "slowStart.window: 0s is too small | the least is 1"],
  ];
  for (const [keys, expected] of wrong) test(`refuse ${keys}`, () => assert.equal(problem(keys), expected));

  test("warn of a weight for a zone that no endpoint is in", () => {
    const { warnings } = load(`${three}, locality: { mode: weighted, weights: { x: 2, y: 1 } }`);
    assert.deepEqual(
      warnings.map(({ message }) => message),
      ["no endpoint is in the zone y"],
    );
  });
});
