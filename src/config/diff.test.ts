import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Spec } from "../model/spec.js";
import { anyConfig } from "./any-config.test.support.js";
import { diffSpecs, summarizeChanges } from "./diff.js";
import { check, loadText } from "./load.js";
import { valueSource } from "./source.js";

const surroundings = { environment: {}, cores: 2 };
const load = (text: string): Spec => loadText("a.yaml", text, surroundings).spec;

const BASE = `
listeners:
  - { name: front, address: ":80", routes: [{ name: api, match: { path: /v1/* }, cluster: web }, { name: rest, cluster: web }] }
  - { name: raw, address: ":81", protocol: tcp, cluster: web }
clusters:
  web:
    endpoints: [{ id: a, address: 10.0.0.1:80 }, { id: b, address: 10.0.0.2:80 }]
    health: { http: { path: /h, headers: { Authorization: Bearer old } } }
workers: 1
drain: 5s
`;

/** What changes when `from` is replaced by `to` in the text. */
function changesOf(...replacements: readonly (readonly [from: string, to: string])[]): string[] {
  let text = BASE;
  for (const [from, to] of replacements) {
    assert.ok(text.includes(from), from);
    text = text.replace(from, to);
  }
  return diffSpecs(load(BASE), load(text)).map(({ kind, what, name, effect }) => `${kind} ${what} ${name}: ${effect}`);
}

test("a preview says what becomes of listeners and their connections", () => {
  assert.deepEqual(changesOf(['  - { name: raw, address: ":81", protocol: tcp, cluster: web }\n', ""]), [
    "removed listener raw: closes 0.0.0.0:81; its connections may finish within 5s",
  ]);
  assert.deepEqual(changesOf(['name: raw, address: ":81"', 'name: raw, address: ":82"']), [
    "changed listener raw: opens 0.0.0.0:82 and closes 0.0.0.0:81; its connections may finish within 5s",
  ]);
  assert.deepEqual(changesOf(["cluster: web }\n", "cluster: web, timeouts: { idle: 1s } }\n"]), [
    "changed listener raw: idleTimeoutMs 600000 -> 1000; its connections stay",
  ]);
  assert.deepEqual(changesOf(["protocol: tcp, ", ""]), [
    "changed listener raw: tcp becomes http for new connections; its connections may finish within 5s",
  ]);
});

test("a preview says which routes change, and that their order does", () => {
  assert.deepEqual(changesOf(["match: { path: /v1/* }, ", "match: { path: /v1/* }, upgrade: false, "]), [
    "changed route api of listener front: action.upgrade true -> false",
  ]);
  assert.deepEqual(changesOf(["{ name: rest, cluster: web }", "{ name: other, respond: 404 }"]), [
    "removed route rest of listener front: is gone",
    "added route other of listener front: is new",
  ]);
  const last = "{ name: rest, match: { path: /x }, cluster: web }";
  const first = "{ name: api, match: { path: /v1/* }, cluster: web }";
  const swapped = (one: string, two: string) =>
    load(BASE.replace(first, one).replace("{ name: rest, cluster: web }", two));
  assert.deepEqual(
    diffSpecs(swapped(first, last), swapped(last, first)).map(({ effect }) => effect),
    ["routes stand in another order"],
  );
});

test("a preview says what becomes of clusters and endpoints", () => {
  assert.deepEqual(
    changesOf(
      ["10.0.0.1:80 }", "10.0.0.1:80, weight: 0 }"],
      ["{ id: b, address: 10.0.0.2:80 }", "{ id: b, address: 10.0.0.9:80 }, 10.0.0.3:80"],
      ["    health:", "    pool: { maxIdle: 7 }\n    health:"],
    ),
    [
      "changed cluster web: pool.maxIdle 128 -> 7; its connections stay",
      "added endpoint 10.0.0.3:80 of cluster web: at 10.0.0.3:80, weight 1",
      "changed endpoint b of cluster web: 10.0.0.2:80 -> 10.0.0.9:80; connections to the old address finish",
      "changed endpoint a of cluster web: weight 1 -> 0; it drains",
    ],
  );
  const gone = changesOf([", { id: b, address: 10.0.0.2:80 }", ""]);
  assert.deepEqual(gone, ["removed endpoint b of cluster web: gets nothing new and finishes what it has"]);
  const added = changesOf(["workers", "  new: { endpoints: [':1'], discover: { file: /x } }\nworkers"]);
  assert.deepEqual(added, ["added cluster new: endpoints: 1, and those of file /x"]);
});

test("a preview says what needs a restart, and shows no secrets", () => {
  assert.deepEqual(changesOf(["workers: 1", "workers: 3"], ["drain: 5s", "drain: 6s"]), [
    "restart setting workers: workers 1 -> 3; takes effect only after a restart",
    "changed setting drainMs: drainMs 5000 -> 6000",
  ]);
  assert.doesNotMatch(changesOf(["Bearer old", "Bearer new"]).join(), /old|new/);
});

test("a summary counts", () => {
  const changes = diffSpecs(
    load(BASE),
    load(BASE.replace("workers: 1", "workers: 2").replace(/\{ id: b.*?\}/, ":1, :2")),
  );
  assert.equal(
    summarizeChanges(changes),
    "1 endpoint removed, 2 endpoints added, 1 setting changed after a restart only",
  );
  assert.equal(summarizeChanges([]), "nothing changed");
});

test("no configuration differs from itself, and any two that are not equal differ", () => {
  const resolve = (value: unknown) => check(valueSource("value", JSON.parse(JSON.stringify(value))), surroundings).spec;
  fc.assert(
    fc.property(anyConfig, anyConfig, (one, other) => {
      assert.deepEqual(diffSpecs(resolve(one), resolve(one)), []);
      const isEqual = JSON.stringify(resolve(one)) === JSON.stringify(resolve(other));
      if (!isEqual) assert.notDeepEqual(diffSpecs(resolve(one), resolve(other)), []);
    }),
    { numRuns: 50 },
  );
});
