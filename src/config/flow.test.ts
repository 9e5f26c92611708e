/** What bounds load: mistakes are told with their place, what was expected and a hint. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadText } from "./load.js";
import { ConfigError } from "./problem.js";

function problemsOf(yaml: string): string[] {
  try {
    loadText("f.yaml", yaml, { environment: {}, cores: 1 });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.map(
      ({ path, message, hint }) => `${path.join(".")}: ${message}${hint === undefined ? "" : ` | ${hint}`}`,
    );
  }
}

const withCluster = (keys: string): string =>
  `listeners: [{ address: ":80", cluster: a }]\nclusters: { a: { endpoints: ["10.0.0.1:1"], ${keys} } }`;
const withRoute = (keys: string): string =>
  `listeners: [{ address: ":80", routes: [{ cluster: a, ${keys} }] }]\nclusters: { a: { endpoints: ["10.0.0.1:1"] } }`;

for (const [yaml, expected] of [
  [
    withCluster("limits: { maxRequests: 3 }"),
    "clusters.a.limits.maxRequests: unknown key maxRequests | write requests",
  ],
  [withCluster("queue: { size: 3 }"), "clusters.a.queue.size: unknown key size | write max"],
  [withCluster("queue: { max: 0 }"), "clusters.a.queue.max: 0 is too small | the least is 1"],
  [withCluster("adaptive: { min: 9, max: 3 }"), "clusters.a.adaptive: min is larger than max"],
  [
    withRoute("hedge: { after: 0ms }"),
    "listeners.0.routes.0.hedge.after: without a wait every request would be sent twice",
  ],
  [
    withRoute("hedge: { after: 20% }"),
    "listeners.0.routes.0.hedge.after: 20% is not from 50% to below 100% | hedge the slowest few: 95%",
  ],
  [
    withRoute("retry: { delay: 5 }"),
    "listeners.0.routes.0.retry.delay: unknown key delay | write backoff: { base: ... }",
  ],
  [
    'listeners: [{ address: ":80", protocol: tcp, cluster: a }]\nclusters: { a: { endpoints: ["10.0.0.1:1"], adaptive: {} } }',
    "listeners.0.cluster: a tcp listener cannot use a cluster with an adaptive limit | give cluster a limits: { requests: ... } instead",
  ],
] as const) {
  test(expected, () => assert.deepEqual(problemsOf(yaml), [expected]));
}
