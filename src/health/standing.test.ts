import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, isUnsettled, type Standing, UNKNOWN_STANDING } from "./standing.js";

/** `+` success, `-` failure. */
function run(results: string, rise = 2, fall = 3): Standing {
  let standing = UNKNOWN_STANDING;
  for (const result of results) {
    const ok = result === "+";
    standing = advance(standing, { ok, reason: ok ? "fine" : "broken", latencyMs: 1 }, { rise, fall });
  }
  return standing;
}

for (const [results, state, unsettled] of [
  ["", "unknown", false],
  ["+", "up", false],
  ["-", "unknown", true],
  ["--", "unknown", true],
  ["---", "down", true],
  ["--+", "up", false],
  ["+--", "up", true],
  ["+--+--", "up", true],
  ["+---", "down", true],
  ["---+", "down", true],
  ["---+-+", "down", true],
  ["---++", "up", false],
  ["+---++", "up", false],
] as const) {
  test(`the results "${results}" make an endpoint ${state}`, () => {
    const standing = run(results);
    assert.equal(standing.state, state);
    assert.equal(isUnsettled(standing), unsettled);
  });
}

test("rise and fall of 1 follow every result", () => {
  assert.equal(run("+-", 1, 1).state, "down");
  assert.equal(run("+-+", 1, 1).state, "up");
});

test("the reason is that of the result that decided", () => {
  assert.equal(run("+---").reason, "broken");
  assert.equal(run("+---+").reason, "broken");
  assert.equal(run("+---++").reason, "fine");
});
