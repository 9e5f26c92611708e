import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_RETRY } from "../model/flow-spec.js";
import { createScenario, createScript } from "../testing/scenarios.js";
import { createBalanceSpec, createClusterSpec } from "../testing/specs.js";
import { formatReport } from "./report.js";
import { simulate } from "./simulation.js";

function run(name: string, size: number, policy: "round-robin" | "p2c") {
  const subject = {
    cluster: createClusterSpec(size, { balance: createBalanceSpec(policy) }),
    retry: NO_RETRY,
    timeouts: { responseHeaderMs: 0, perTryMs: 0, totalMs: 0 },
    priority: "normal" as const,
  };
  const endpoints = new Map([["e1", createScript({ errors: 0.5, servers: 2 })]]);
  return { name, figures: simulate(subject, createScenario({ endpoints }), 7) };
}

test("runs stand side by side in aligned columns of printable ASCII", () => {
  const text = formatReport([run("old.yaml", 3, "round-robin"), run("new.yaml", 3, "p2c")]);
  assert.match(text, /^[\n -~]*\n$/);
  assert.match(text, /^cluster web, 10 s, seed 7\n/);
  assert.match(text, /\n {21}( +)old\.yaml {2} +new\.yaml\npolicy +round-robin +p2c\n/);
  assert.match(text, /\n {2}STATUS 503 +\d+ +\d+\n/);
  assert.match(text, /\nold\.yaml: endpoints\nendpoint +weight/);
  assert.match(text, /\nnew\.yaml: timeline\nfrom s +requests/);
  assert.match(text, /\nnew\.yaml: events\n\d+\.\d{3} s {2}e1 {2}\w+ -> ejected: 5 failures in a row/);
  const summary = text.split("\n\n")[1].split("\n");
  assert.equal(new Set(summary.map((line) => line.length)).size, 1, "all lines of the summary end together");
});

test("of many endpoints the most loaded are shown", () => {
  const text = formatReport([run("a.yaml", 30, "p2c")]);
  assert.match(text, /\n\.\.\. and 10 more with fewer tries\n/);
});
