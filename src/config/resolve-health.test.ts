import assert from "node:assert/strict";
import { test } from "node:test";
import { loadText } from "./load.js";
import { ConfigError, formatPath } from "./problem.js";

/** The piece begins on line 5. */
const withCluster = (piece: string) =>
  `listeners: [{ address: :80, cluster: a }]\nclusters:\n  a:\n    endpoints: [":1"]\n    ${piece}\n`;

const load = (text: string) => loadText("a.yaml", text, { environment: {}, cores: 1 });
const checksOf = (piece: string) => load(withCluster(piece)).spec.clusters[0].health;

/** `line:column path: message | hint` of the first problem. */
function first(text: string): string {
  try {
    load(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    const { line, column, path, message, hint } = error.problems[0];
    return `${line}:${column} ${formatPath(path)}: ${message}${hint === undefined ? "" : ` | ${hint}`}`;
  }
  return assert.fail("the configuration should have been refused");
}

const MISTAKES: readonly (readonly [string, string])[] = [
  [
    withCluster("health: { grpc: { service: a } }"),
    "5:15 clusters.a.health.grpc: unknown key grpc | gRPC checks need HTTP/2, which is not supported yet",
  ],
  [
    withCluster("health: { exec: /bin/true }"),
    "5:15 clusters.a.health.exec: unknown key exec | programs are not run for checks, on purpose: let one listen and ask it with agent",
  ],
  [
    withCluster("health: [{ tcp: true }, { tcp: true, name: tcp }]"),
    "5:48 clusters.a.health[1].name: another check is named tcp",
  ],
  [
    withCluster("health: [{ agent: 1 }, { agent: 2 }]"),
    "5:30 clusters.a.health[1].agent: there is a second agent | what they say could contradict each other",
  ],
  [
    withCluster("health: [{ tcp: true }, { http: /, tcp: true }]"),
    "5:29 clusters.a.health[1]: a health check is one of http, tcp and agent | write http: /healthz, tcp: true or agent: 9999",
  ],
  [
    withCluster("health: { tcp: true, port: 1, address: ':2' }"),
    "5:32 clusters.a.health.port: the address has a port already | leave port out",
  ],
  [
    withCluster("health: { agent: 1, port: 1 }"),
    "5:31 clusters.a.health.port: the agent has a port already | leave port out",
  ],
  [
    withCluster("health: { agent: 1, address: ':1' }"),
    "5:34 clusters.a.health.address: an agent is asked at its endpoint's host | leave address out",
  ],
  [
    withCluster("health: { tcp: { send: x } }"),
    "5:28 clusters.a.health.tcp.send: nothing is expected in answer | add expect, or leave send out",
  ],
  [
    withCluster("health: { tcp: { send: 'a\\q', expect: x } }"),
    "5:28 clusters.a.health.tcp.send: there is no escape \\q | a backslash itself is written twice",
  ],
  [
    `listeners: [{ address: :80, cluster: a }]\nclusters: { a: { endpoints: ["unix:/a"], health: { agent: 7 } } }`,
    "2:50 clusters.a.health: an endpoint is a unix socket, which has no other port | give the check an address",
  ],
];

for (const [text, problem] of MISTAKES) {
  test(`a mistake in health is told: ${problem}`, () => {
    assert.equal(first(text), problem);
  });
}

test("checks are named by their kind, and told apart by a number", () => {
  const names = checksOf(
    "health: [{ tcp: true }, { http: / }, { tcp: true, port: 81 }, { agent: 9 }, { http: /b, name: b }]",
  );
  assert.deepEqual(
    names.map(({ name }) => name),
    ["tcp", "http", "tcp-2", "agent", "b"],
  );
});

test("one check and a list of one are the same, and an empty list is none", () => {
  assert.deepEqual(checksOf("health: { tcp: true }"), checksOf("health: [{ tcp: true }]"));
  assert.deepEqual(checksOf("health: []"), []);
});

test("an agent's port is where it is asked", () => {
  assert.deepEqual(checksOf("health: { agent: 9999 }"), checksOf("health: { agent: { port: 9999 } }"));
  assert.equal(checksOf("health: { agent: 9999 }")[0].port, 9999);
});
