// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the file format
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadFile, loadText } from "./load.js";
import {
  first,
  load,
  problemsOf,
  surroundings,
  withCluster,
  withListener,
  withRoute,
  withTop,
} from "./load.test.support.js";

test("each mistake is told at its line and column, with a hint", () => {
  const rows: [string, string][] = [
    ["", "1:1 : the configuration is empty"],
    ["[]", "1:1 : unexpected list"],
    ["listeners: []\nclusters: {}\n", "1:1 listeners: there is no listener | add one: - address: :8080"],
    ["clusters: {}\n", "1:1 : the key listeners is missing"],
    [withTop("worker: 2"), "3:1 worker: unknown key worker | did you mean workers?"],
    [withTop("backends: {}"), "3:1 backends: unknown key backends | write clusters"],
    [withTop("workers: 0"), "3:10 workers: not a number of workers: 0"],
    [withTop("engine: uring"), '3:9 engine: "uring" is not known here | did you mean io_uring?'],
    [withTop("admin: 9901"), "3:8 admin: unexpected 9901 | for a port alone write :9901"],
    [withTop("admin: 0.0.0.0:80"), "3:8 admin: listener 1 already listens on 0.0.0.0:80"],
    [withTop("drain: 5 minutes"), "3:8 drain: there is no unit minutes | write 5ms or 5m"],
    [withTop("drain:"), "3:7 drain: unexpected empty value | give the key a value, or leave it out"],
    [
      withTop("limits: { highWater: 200MiB }"),
      "3:22 limits.highWater: highWater is more than half of buffers | one slow client could hold them all",
    ],
    [
      withTop("accessLog: { target: stdout, format: 100% }"),
      "3:38 accessLog.format: a % must begin %{field} or be doubled",
    ],
    [withTop('accessLog: "a\\nb"'), "3:12 accessLog: the text contains LF (0x0a)"],
    [withListener("protocol: udp"), '3:15 listeners[0].protocol: "udp" is not known here | UDP is not supported yet'],
    [withListener("cluster: b"), "3:14 listeners[0].cluster: there is no cluster b | clusters are a"],
    [
      withListener("routes: [{ cluster: a }]\n    cluster: a"),
      "2:5 listeners[0]: an http listener has either routes or a cluster | cluster takes every request; with routes, a last one without match takes what is left",
    ],
    [
      withListener("limits: { maxHeader: 16KiB }\n    cluster: a"),
      "3:26 listeners[0].limits.maxHeader: 16KiB is too large | the most is 16191",
    ],
    [
      withListener("limits: { maxLine: 12KiB, maxHeader: 8KiB }\n    cluster: a"),
      "3:5 listeners[0].limits: maxLine is larger than maxHeader | a line is part of the header",
    ],
    [
      withListener("cluster: a\n    trustedProxies: [10.0.0.1/8]"),
      "4:22 listeners[0].trustedProxies[0]: 10.0.0.1/8 has bits set beyond its prefix | write 10.0.0.0/8",
    ],
    [withListener("cluster: a\n    via: a b"), "4:10 listeners[0].via: not a header name: a b"],
    [
      withRoute("match: { path: /v1* }, cluster: a"),
      "3:31 listeners[0].routes[0].match.path: * stands for a whole segment, not for a part of one: v1* | write /v1/*",
    ],
    [
      withRoute("match: { host: 'a:80' }, cluster: a"),
      "3:31 listeners[0].routes[0].match.host: a host is matched without its port | write a",
    ],
    [
      withRoute("match: { headers: { 'a b': x } }, cluster: a"),
      '3:36 listeners[0].routes[0].match.headers["a b"]: not a header name: a b',
    ],
    [
      withRoute("match: { headers: { a: { prefix: x } } }, cluster: a"),
      "3:36 listeners[0].routes[0].match.headers.a: the key exact is missing",
    ],
    [
      withRoute("match: { headers: { a: x, A: y } }, cluster: a"),
      "3:42 listeners[0].routes[0].match.headers.A: A stands twice | header names have no case",
    ],
    [
      withRoute("path: /x, cluster: a"),
      "3:16 listeners[0].routes[0].path: unknown key path | it stands in match: { path: ... }",
    ],
    [
      withRoute("match: {}"),
      "3:14 listeners[0].routes[0]: the route does nothing | give it one of cluster, split, redirect and respond",
    ],
    [
      withRoute("cluster: a, respond: 404"),
      "3:14 listeners[0].routes[0]: the route does more than one thing | give it one of cluster, split, redirect and respond",
    ],
    [withRoute("respond: { status: 204, body: x }"), "3:46 listeners[0].routes[0].respond.body: a 204 has no body"],
    [withRoute("respond: 101"), "3:25 listeners[0].routes[0].respond: 101 is too small | the least is 200"],
    [
      withRoute("redirect: { status: 300, location: /x }"),
      "3:36 listeners[0].routes[0].redirect.status: 300 is not known here",
    ],
    [
      withRoute("redirect: '/{path}'"),
      "3:26 listeners[0].routes[0].redirect: the redirect could lead to a host that the client chooses | begin with https://{host}{path}",
    ],
    [
      withRoute('redirect: "/x\\r\\nSet-Cookie: a"'),
      "3:26 listeners[0].routes[0].redirect: the location contains CR (0x0d)",
    ],
    [
      withRoute("redirect: /x, responseHeaders: { set: { Location: /y } }"),
      "3:30 listeners[0].routes[0].responseHeaders: the redirect makes the header location itself | write it as the redirect's location",
    ],
    [
      withRoute("redirect: /x, rewrite: { host: a }"),
      "3:30 listeners[0].routes[0].rewrite: only what is forwarded is rewritten | give the route a cluster",
    ],
    [
      withRoute("match: { path: '~^/a' }, cluster: a, rewrite: { prefix: / }"),
      "3:72 listeners[0].routes[0].rewrite.prefix: the route's path has no prefix to replace | match an exact path or a prefix: /v1/*",
    ],
    [
      withRoute("cluster: a, requestHeaders: { set: { Transfer-Encoding: x } }"),
      "3:53 listeners[0].routes[0].requestHeaders.set.Transfer-Encoding: Transfer-Encoding is not open to configuration | it frames messages or belongs to one connection",
    ],
    [
      withRoute("cluster: a, responseHeaders: { set: { X-A: '${BAD}' } }"),
      "3:59 listeners[0].routes[0].responseHeaders.set.X-A: the value contains CR (0x0d) | a header value is one line",
    ],
    [
      withRoute("cluster: a, requestHeaders: { set: { X-A: b }, remove: [x-a] }"),
      "3:72 listeners[0].routes[0].requestHeaders.remove[0]: x-a is removed and set or added | set replaces what is there; it need not be removed first",
    ],
    [
      withRoute("cluster: a, retry: { on: [rest] }"),
      '3:42 listeners[0].routes[0].retry.on[0]: "rest" is not known here | did you mean reset?',
    ],
    [
      withRoute("cluster: a, name: x }, { cluster: a, name: x"),
      "3:59 listeners[0].routes[1].name: route 1 is already named x",
    ],
    [
      withCluster("balance: leastrequests"),
      '5:14 clusters.a.balance: "leastrequests" is not known here | did you mean least-request?',
    ],
    [
      withCluster("health: { interval: 1s }"),
      "5:5 clusters.a.health: a health check is one of http, tcp and agent | write http: /healthz, tcp: true or agent: 9999",
    ],
    [
      withCluster("health: { tcp: true, fastInterval: 10s }"),
      "5:40 clusters.a.health.fastInterval: fastInterval is longer than interval",
    ],
    [
      withCluster("health: { http: { path: /, status: 2zz } }"),
      "5:40 clusters.a.health.http.status: not a status: 2zz",
    ],
    [
      withCluster("health: { http: { path: /, method: HEAD, body: x } }"),
      "5:52 clusters.a.health.http.body: a response to HEAD has no body",
    ],
    [withCluster('health: { http: "/a\\r\\nb" }'), "5:21 clusters.a.health.http: the path contains CR (0x0d)"],
    [withCluster("outlier: { ejection: 10m }"), "5:14 clusters.a.outlier: maxEjection is shorter than ejection"],
    [withCluster("endpoints: []"), "5:5 : the key stands twice"],
    [
      "listeners: [{ address: :80, cluster: a }]\nclusters:\n  a: { endpoints: [{ address: ':1', wieght: 2 }] }",
      "3:37 clusters.a.endpoints[0].wieght: unknown key wieght | did you mean weight?",
    ],
    [
      "listeners: [{ address: :80, cluster: a }]\nclusters:\n  a: { endpoints: [':1', '127.0.0.1:1'] }",
      "3:26 clusters.a.endpoints[1]: endpoint 1 is already 127.0.0.1:1 | for a larger share use weight",
    ],
    [
      "listeners: [{ address: :80, cluster: a }]\nclusters:\n  a: { endpoints: ['0.0.0.0:1'] }",
      "3:20 clusters.a.endpoints[0]: 0.0.0.0 is not a destination | write :1 for this machine",
    ],
    [
      "listeners: [{ address: :80, cluster: a b }]\nclusters:\n  a b: { endpoints: [':1'] }",
      "1:38 listeners[0].cluster: not a name: a b | blanks and other characters are not allowed",
    ],
    [
      "listeners:\n  - { address: :80, cluster: a }\n  - { address: 0.0.0.0:80, cluster: a }\nclusters: { a: { endpoints: [] } }",
      "3:16 listeners[1].address: listener 1 already listens on 0.0.0.0:80",
    ],
    [
      "listeners:\n  - { address: :80, name: x, cluster: a }\n  - { address: :81, name: x, cluster: a }\nclusters: { a: { endpoints: [] } }",
      "3:5 listeners[1]: listener 1 is already named x | give it another name",
    ],
    [
      "listeners:\n  - { address: :80, protocol: tcp, routes: [] }\nclusters: {}",
      "2:5 listeners[0]: the key cluster is missing",
    ],
  ];
  const found = rows.map(([text]) => first(text));
  assert.deepEqual(
    found,
    rows.map(([, expected]) => expected),
  );
});

test("text that is not YAML is told at its place, with the usual cause", () => {
  const rows: [string, string | undefined][] = [
    ["address: [::1]:80\n", 'put an IPv6 address in quotes: "[::1]:80"'],
    ["host: *.example.com\n", "put the text in quotes"],
    ["format: %{status}\n", "put the text in quotes"],
    ["\tlisteners: []\n", "indent with blanks"],
    ["a: 1\n---\nb: 1\n", "remove the line ---"],
    ["a: !include b\n", "tags (!name) have no meaning here"],
    ["a: 1\na: 2\n", undefined],
    ['{ "a": 1, }}', undefined],
    ["a: { b: ${C} }\n", "inside { } and [ ] put a variable in quotes"],
    ["__proto__: { a: 1 }\n", undefined],
  ];
  for (const [text, hint] of rows) {
    const [problem] = problemsOf(text);
    assert.equal(problem.hint, hint, text);
    assert.ok(problem.line !== undefined && problem.line >= 1, text);
  }
  assert.equal(problemsOf("listeners:\n  - a: *b\n")[0].line, 2);
});

test("all mistakes are told at once, in the file's order, errors first", () => {
  const problems = problemsOf(withTop("workers: x\nengine: y\ndrain: z\nbogus: 1"));
  assert.deepEqual(
    problems.map(({ line }) => line),
    [3, 4, 5, 6],
  );
});

test("variables are filled in after parsing, so that they cannot add structure", () => {
  const text = withTop("").replace(":80", "':${PORT}'");
  assert.deepEqual(load(text).spec.listeners[0].address, { family: "ip4", host: "0.0.0.0", port: 8080 });
  const injected = loadText("a.yaml", withRoute("respond: { status: 200, body: $X }").replace("$X", "'${X}'"), {
    ...surroundings,
    environment: { X: "a }, bogus: { b\n- c" },
  });
  const [listener] = injected.spec.listeners;
  assert.ok(listener.kind === "http" && listener.routes[0].action.kind === "respond");
  assert.equal(listener.routes[0].action.body, "a }, bogus: { b\n- c");
});

test("numbers and flags may come from the environment", () => {
  const { spec } = loadText(
    "a.yaml",
    withTop("workers: ${N}\nlimits: { maxConnections: '${N}' }").replace(
      "cluster: a }",
      "cluster: a, forwarded: '${YES}' }",
    ),
    {
      environment: { N: "3", YES: "true" },
      cores: 1,
    },
  );
  assert.equal(spec.workers, 3);
  assert.equal(spec.limits.maxConnections, 3);
  assert.equal(spec.listeners[0].kind === "http" && spec.listeners[0].forwarded, true);
});

test("a missing variable is told at its place", () => {
  assert.equal(
    first(withTop("admin: ${PROT}")),
    "3:8 : the environment has no variable PROT | did you mean PORT? Else set it, or write ${PROT:-default}",
  );
});

test("what is suspicious but usable is a warning", () => {
  const rows: [string, string][] = [
    [withTop("").replace('":1"', ""), "2:29 the cluster has no endpoint"],
    [withTop("").replace('":1"', '{ address: ":1", weight: 0 }'), "2:29 every endpoint has weight 0"],
    [withTop("").replace("{ a:", "{ b: { endpoints: [':2'] }, a:"), "2:13 nothing uses the cluster b"],
    [withTop("").replace('":1"', '":80"'), "2:30 127.0.0.1:80 is our own listener 0.0.0.0:80"],
    [withListener("routes: []"), "3:13 there is no route"],
    [withCluster("persistence: { cookie: sid }"), "5:20 the process makes its own secret"],
    [withRoute("cluster: a }, { match: { path: /x }, cluster: a"), "3:30 the route is never reached"],
  ];
  for (const [text, expected] of rows) {
    const shown = load(text).warnings.map(({ line, column, message }) => `${line}:${column} ${message}`);
    assert.ok(shown.includes(expected), `${text}\n${shown.join("\n")}\n${expected}`);
  }
  assert.deepEqual(load(withTop("")).warnings, []);
});

test("JSON is read as well, with tabs and escapes", () => {
  const { spec } = load(
    '{\n\t"$schema": "x",\n\t"listeners": [{"address": "\\u003a80", "cluster": "a"}],\n\t"clusters": {"a": {"endpoints": [":1"]}}\n}',
    "a.json",
  );
  assert.equal(spec.listeners[0].name, "0.0.0.0:80");
});

test("a Spec is complete and frozen through and through", () => {
  const { spec } = load(withTop("workers: auto"));
  assert.equal(spec.workers, 4);
  assert.ok(Object.isFrozen(spec.clusters[0].endpoints[0].address));
  assert.ok(Object.isFrozen(spec.listeners));
  assert.deepEqual(structuredClone(spec), spec, "it can be posted to a worker");
});

test("routes get names that stay when they are reordered", () => {
  const { spec } = load(
    withListener(
      "routes:\n      - { match: { host: a.b, path: /x/*, method: [GET, PUT] }, cluster: a }\n      - { match: { path: '~a b' }, cluster: a }\n      - { match: { host: a.b, path: /x/* , method: [GET, PUT] }, cluster: a }\n      - { cluster: a }",
    ),
  );
  const [listener] = spec.listeners;
  assert.ok(listener.kind === "http");
  assert.deepEqual(
    listener.routes.map(({ name }) => name),
    ["a.b/x/*:GET/PUT", "2", "3", "*"],
  );
});

test("a program is imported, anew each time, and its mistakes name the key", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "plimsoll.config.mjs");
  const write = (cluster: string) =>
    writeFile(
      file,
      `export default async () => ({ listeners: [{ address: ":0", cluster: "${cluster}" }], clusters: { a: { endpoints: [] } } });`,
    );
  await write("a");
  assert.equal((await loadFile(file, surroundings)).spec.listeners.length, 1);
  await write("b");
  await assert.rejects(loadFile(file, surroundings), /plimsoll\.config\.mjs: there is no cluster b/);
  await writeFile(file, "export const config = {};");
  await assert.rejects(loadFile(file, surroundings), /there is no default export/);
  await writeFile(file, "throw new Error('oops')");
  await assert.rejects(loadFile(file, surroundings), /oops/);
  await assert.rejects(loadFile(join(folder, "none.yaml"), surroundings), /there is no such file/);
});
