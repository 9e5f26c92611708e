import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadText } from "../../config/load.js";
import type { ExplainQuery, Explanation } from "../../model/explanation.js";
import { explainRequest } from "./explain-request.js";
import { configuredStandpoints } from "./standpoint.js";

const SPEC = loadText(
  "a.yaml",
  `
listeners:
  - name: front
    address: ":8080"
    trustedProxies: [10.0.0.0/8]
    routes:
      - name: beta
        match: { host: "*.example.com", path: /v1/*, method: POST, headers: { x-api-key: secret, x-beta: "on" } }
        cluster: api
      - { name: claims, match: { headers: { x-forwarded-proto: https } }, respond: { status: 204 } }
      - { name: old, match: { path: /old/* }, redirect: { status: 308, location: "https://example.com{path}" } }
      - { name: api, match: { path: /v1/* }, cluster: api }
      - name: split
        match: { path: /split }
        split: { clusters: [{ cluster: api, weight: 1 }, { cluster: web, weight: 1 }], override: { header: x-cluster } }
      - { name: rest, match: { path: /*, query: { page: true } }, cluster: web }
  - { name: db, address: ":5432", protocol: tcp, cluster: db }
clusters:
  api: { endpoints: ["10.0.0.1:80", "10.0.0.2:80"], balance: least-request }
  web: { endpoints: ["10.0.0.3:80", "10.0.0.4:80", "10.0.0.5:80"], balance: { policy: ring-hash, hashOn: path } }
  db: { endpoints: ["10.0.0.6:80", { address: "10.0.0.7:80", weight: 0 }] }
`,
  { environment: {}, cores: 1 },
).spec;

function ask(url: string, changes: Partial<ExplainQuery> = {}): Explanation {
  const query = { url, method: "GET", headers: [], source: "192.0.2.1", seed: 1, ...changes };
  const explanation = explainRequest(SPEC, query, configuredStandpoints(SPEC));
  assert.ok(typeof explanation !== "string", `${explanation}`);
  return explanation;
}

function refusal(url: string): string {
  const query = { url, method: "GET", headers: [], source: "", seed: 1 };
  const explanation = explainRequest(SPEC, query, configuredStandpoints(SPEC));
  assert.ok(typeof explanation === "string");
  return explanation;
}

test("each route before the one taken says every condition that does not hold, and hides secrets", () => {
  const { routes, listener, action, choice } = ask("http://a.example.org:8080/v1/users");
  assert.equal(listener, "front");
  assert.deepEqual(routes, [
    {
      name: "beta",
      taken: false,
      failed: [
        "host is not *.example.com",
        "method is not POST",
        "header x-api-key is not (hidden)",
        "header x-beta is not on",
      ],
    },
    { name: "claims", taken: false, failed: ["header x-forwarded-proto is not https"] },
    { name: "old", taken: false, failed: ["path is not /old/*"] },
    { name: "api", taken: true, failed: [] },
  ]);
  assert.equal(action, "forward to cluster api (route api)");
  assert.equal(choice?.cluster, "api");
});

test("what is matched is what the proxy makes of the path", () => {
  assert.equal(ask("http://a:8080/old/../v1/x").action, "forward to cluster api (route api)");
  assert.match(ask("http://a:8080//v1//x").action, /^refused with NO_ROUTE: readers of its path would disagree/);
});

test("claims of a client are believed only where the listener trusts it", () => {
  const headers = [["X-Forwarded-Proto", "https"]] as const;
  assert.equal(ask("http://a:8080/v1/x", { headers, source: "10.1.2.3" }).action, "answer 204");
  assert.equal(ask("http://a:8080/v1/x", { headers }).action, "forward to cluster api (route api)");
});

describe("a request that is not forwarded says what it gets", () => {
  const rows: [url: string, changes: Partial<ExplainQuery>, action: RegExp][] = [
    ["http://a:8080/none", {}, /^refused with NO_ROUTE$/],
    ["http://a:8080/old/x", {}, /^answer 308 with location https:\/\/example\.com\{path\}$/],
    ["http://a:8080/v1/x", { method: "TRACE" }, /^refused with METHOD_NOT_ALLOWED$/],
    ["http://a:8080/v1/x", { method: "GE T" }, /^refused with BAD_REQUEST: /],
    ["http://a:8080/v1/x", { headers: [["Bad Name", "1"]] }, /^refused with BAD_REQUEST: /],
    ["http://a:8080/v1/x", { headers: [["X", "1\r\n\r\nGET / HTTP/1.1"]] }, /^refused with BAD_REQUEST: /],
    ["http://a:8080/v1/x", { method: "OPTIONS", headers: [["Max-Forwards", "0"]] }, /^answered by the proxy itself/],
  ];
  for (const [url, changes, action] of rows) {
    test(`${JSON.stringify(changes)} ${url}`, () => {
      const explanation = ask(url, changes);
      assert.match(explanation.action, action);
      assert.equal(explanation.choice, undefined);
    });
  }
});

test("a split names where this request goes, by header or by the seed", () => {
  const headers = [["X-Cluster", "web"]] as const;
  assert.match(ask("http://a:8080/split", { headers }).action, /^forward to cluster web of api, web /);
  const chosen = new Set(Array.from({ length: 20 }, (_, seed) => ask("http://a:8080/split", { seed }).choice!.cluster));
  assert.deepEqual([...chosen].sort(), ["api", "web"]);
});

test("what is hashed decides, whatever the seed", () => {
  const picks = (url: string) => new Set(Array.from({ length: 10 }, (_, seed) => ask(url, { seed }).choice!.pick));
  assert.equal(picks("http://a:8080/?page=1").size, 1);
  const { hash, candidates, pick } = ask("http://a:8080/?page=1").choice!;
  assert.ok(hash !== undefined);
  assert.deepEqual(
    candidates.map(({ id, chance }) => [id, chance]),
    candidates.map(({ id }) => [id, id === pick ? 1 : 0]),
  );
});

test("the port of the URL tells the listener, and a TCP listener has no routes", () => {
  const { listener, routes, action, choice } = ask("http://db:5432/");
  assert.deepEqual([listener, routes, action], ["db", [], "relay the connection to cluster db"]);
  assert.equal(choice?.pick, "10.0.0.6:80");
  assert.equal(choice?.candidates[1].excluded, "its weight is 0");
});

test("a question that is wrong is answered with what is wrong", () => {
  assert.match(refusal("http://a/"), /^no listener has port 80: there are front on 0\.0\.0\.0:8080, db on .*:5432/);
  for (const url of ["a", "ftp://a/", "http:///", "http://a b/", "http://user@a:8080/"])
    assert.match(refusal(url), /^not an http URL: /);
});
