import assert from "node:assert/strict";
import { test } from "node:test";
import { combine } from "./combine.js";
import type { Standing } from "./standing.js";

const LETTERS: Readonly<Record<string, Standing["state"]>> = { u: "up", d: "down", "?": "unknown" };

/** Checks named by their position. */
const checks = (letters: string) =>
  [...letters].map((letter, index) => {
    const state = LETTERS[letter];
    return { name: `${index}`, standing: { state, against: 0, reason: `is ${state}` } };
  });

for (const [letters, state, reason, by] of [
  ["", "unknown", "no active check", ""],
  ["u", "up", "is up", "0"],
  ["d", "down", "is down", "0"],
  ["uu", "up", "0: is up", "0"],
  ["u?", "unknown", "1: is unknown", "1"],
  ["ud", "down", "1: is down", "1"],
  ["?d", "down", "1: is down", "1"],
  ["udd", "down", "1: is down", "1"],
] as const) {
  test(`checks that stand ${letters || "nowhere"} make ${state}`, () => {
    assert.deepEqual(combine(checks(letters)), { state, reason, by });
  });
}
