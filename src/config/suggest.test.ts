import assert from "node:assert/strict";
import { test } from "node:test";
import { suggest } from "./suggest.js";

const KEYS = ["listeners", "clusters", "workers", "accessLog", "retryBudget", "path", "protocol"];

test("a mistyped word finds the one that was meant", () => {
  const rows: [string, string | undefined][] = [
    ["listner", "listeners"],
    ["cluster", "clusters"],
    ["wokrers", "workers"],
    ["access_log", "accessLog"],
    ["AccessLog", "accessLog"],
    ["retry-budget", "retryBudget"],
    ["proto", "protocol"],
    ["pat", "path"],
    ["banana", undefined],
    ["x", undefined],
    ["", undefined],
  ];
  for (const [word, meant] of rows) assert.equal(suggest(word, KEYS), meant, word);
});

test("the nearest word wins, and the first of equals", () => {
  assert.equal(suggest("least-requests", ["least-connections", "least-request"]), "least-request");
  assert.equal(suggest("abcx", ["abca", "abcb"]), "abca");
});
