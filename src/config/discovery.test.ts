// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the file format
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEndpointFile } from "./endpoint-file.js";
import { loadText } from "./load.js";
import { ConfigError } from "./problem.js";

const surroundings = { environment: {}, cores: 1 };
const withDiscover = (discover: string) =>
  `listeners: [{ address: :80, cluster: a }]\nclusters:\n  a:\n    discover: ${discover}\n`;

function problemOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    const { line, column, message, hint } = error.problems[0];
    return `${line}:${column} ${message}${hint === undefined ? "" : ` | ${hint}`}`;
  }
  return "";
}

test("discovery by file and by DNS gets its defaults", () => {
  const load = (discover: string) => loadText("a.yaml", withDiscover(discover), surroundings);
  const file = load("{ file: web.yaml }");
  assert.deepEqual(file.warnings, []);
  assert.deepEqual(file.spec.clusters[0].discover, { kind: "file", path: "web.yaml" });
  assert.deepEqual(file.spec.clusters[0].endpoints, []);
  const { spec } = load("{ dns: { name: WEB.internal, port: 80, resolvers: ['::1', '10.0.0.2:54'] } }");
  assert.deepEqual(spec.clusters[0].discover, {
    kind: "dns",
    name: "web.internal",
    port: 80,
    type: "A",
    mode: "strict",
    minTtlMs: 5000,
    maxTtlMs: 300_000,
    timeoutMs: 2000,
    forgetMs: 600_000,
    resolvers: [
      { family: "ip6", host: "::1", port: 53 },
      { family: "ip4", host: "10.0.0.2", port: 54 },
    ],
  });
});

test("discovery that cannot work is refused with what to write", () => {
  const rows: [string, string][] = [
    ["{}", "4:5 discover is either file or dns | write file: PATH or dns: { name: ..., port: ... }"],
    ["{ dns: { name: a } }", "4:17 the key port is missing | A records carry no port"],
    ["{ dns: { name: a, port: 1, type: SRV } }", "4:39 SRV records carry the port | leave port out"],
    ["{ dns: { name: a, type: SRV, mode: logical } }", "4:50 SRV names several endpoints | write mode: strict"],
    ["{ dns: { name: 10.0.0.1, port: 1 } }", "4:30 10.0.0.1 is an address, not a name | write it under endpoints"],
    ["{ dns: { name: 'a:1' } }", "4:30 the name contains a port: a:1 | write name: a and port apart"],
    ["{ dns: { name: a, port: 1, minTtl: 1ms } }", "4:50 1ms is too small | the least is 1000"],
    ["{ dns: { name: a, port: 1, minTtl: 1h } }", "4:50 minTtl is longer than maxTtl"],
    [
      "{ dns: { name: a, port: 1, resolvers: [dns.internal] } }",
      "4:54 not an address: dns.internal | add a port: dns.internal:80",
    ],
    ["{ srv: x }", "4:17 unknown key srv | write dns: { name: ..., type: SRV }"],
  ];
  for (const [discover, expected] of rows) {
    assert.equal(
      problemOf(() => loadText("a.yaml", withDiscover(discover), surroundings)),
      expected,
      discover,
    );
  }
});

test("a cluster says where its endpoints come from, and a name among them is answered with how to follow it", () => {
  const load = (cluster: string) => () =>
    loadText("a.yaml", `listeners: [{ address: :80, cluster: a }]\nclusters: { a: ${cluster} }\n`, surroundings);
  assert.match(
    problemOf(load("{ balance: p2c }")),
    /^2:13 the key endpoints is missing \| list them, or write discover/,
  );
  assert.equal(
    problemOf(load("{ endpoints: [web.internal:80] }")),
    "2:30 web.internal is a name, and names are not resolved | write its IP address, or have the cluster follow the name: discover: { dns: { name: web.internal, port: 80 } }",
  );
});

test("an endpoint file has the syntax of the configuration, as YAML or JSON", () => {
  const parsed = parseEndpointFile("web.yaml", "- 10.0.0.1:80\n- { id: b, address: '${B}', weight: 3 }\n", {
    B: "10.0.0.2:80",
  });
  assert.deepEqual(
    parsed.map(({ id, weight }) => [id, weight]),
    [
      ["10.0.0.1:80", 1],
      ["b", 3],
    ],
  );
  assert.deepEqual(parseEndpointFile("web.json", '["10.0.0.1:80"]', {}), parsed.slice(0, 1));
  assert.deepEqual(parseEndpointFile("web.json", "[]", {}), []);
});

test("a broken endpoint file is refused with line and column", () => {
  const rows: [string, string][] = [
    ["", "1:1 the file is empty | write [] where no endpoint is meant"],
    ["endpoints: [10.0.0.1:80]", "1:1 unexpected mapping"],
    ["- 10.0.0.1:80\n- 10.0.0.2", "2:3 not an address: 10.0.0.2 | add a port: 10.0.0.2:80"],
    ["- :1\n- 127.0.0.1:1", "2:3 endpoint 1 is already 127.0.0.1:1 | for a larger share use weight"],
    ["- { address: ':1', wieght: 2 }", "1:20 unknown key wieght | did you mean weight?"],
    ["- [", "1:4 Flow sequence in block collection must be sufficiently indented and end with a ]"],
  ];
  for (const [text, expected] of rows)
    assert.equal(
      problemOf(() => parseEndpointFile("web.yaml", text, {})),
      expected,
    );
});
