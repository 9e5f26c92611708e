import assert from "node:assert/strict";
import { test } from "node:test";
import { loadText } from "../config/load.js";
import { NO_RETRY } from "../model/flow-spec.js";
import { subjectOf } from "./subject.js";

function load(text: string) {
  return loadText("a.yaml", text, { environment: {}, cores: 1 }).spec;
}

const SPEC = load(`
listeners:
  - address: ":80"
    routes:
      - { match: { path: /old/* }, redirect: { status: 308, location: / } }
      - { match: { path: /a/* }, cluster: a, retry: { attempts: 4 }, timeouts: { perTry: 2s } }
      - { cluster: a, retry: { attempts: 1 } }
  - { address: ":5432", protocol: tcp, cluster: db }
clusters:
  a: { endpoints: [":1"] }
  db: { endpoints: [":2"], connect: { attempts: 5 } }
`);

test("a cluster is simulated by the rules of the first route that leads to it", () => {
  const subject = subjectOf(SPEC, "a");
  assert.ok(typeof subject !== "string");
  assert.deepEqual([subject.cluster.name, subject.retry.attempts, subject.timeouts.perTryMs], ["a", 4, 2000]);
});

test("behind a TCP listener only connecting is tried again", () => {
  const subject = subjectOf(SPEC, "db");
  assert.ok(typeof subject !== "string");
  assert.deepEqual(subject.retry, { ...NO_RETRY, attempts: 4, on: ["connect-failure"] });
});

test("which cluster is meant has to be said where there are several", () => {
  assert.equal(subjectOf(SPEC, undefined), "name one of the clusters a, db with --cluster");
  assert.equal(subjectOf(SPEC, "c"), "there is no cluster c; clusters are a, db");
});
