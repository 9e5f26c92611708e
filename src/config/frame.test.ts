import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblems } from "./frame.js";
import { formatPath, type Problem } from "./problem.js";

const problem: Problem = {
  severity: "error",
  file: "a.yaml",
  line: 2,
  column: 6,
  length: 3,
  path: ["clusters", "x y", "endpoints", 0],
  message: "not an address: abc",
  expected: "an address",
  hint: "add a port",
};

test("a problem shows its line, with the mistake underlined", () => {
  assert.equal(
    formatProblems([problem], "first\nkey: abc # why\n"),
    [
      "error: not an address: abc",
      ' --> a.yaml:2:6 (clusters["x y"].endpoints[0])',
      "  |",
      "2 | key: abc # why",
      "  |      ^^^",
      "  = expected: an address",
      "  = hint: add a port",
    ].join("\n"),
  );
});

test("a problem without a line names the source only", () => {
  const flag = {
    ...problem,
    file: "--to",
    line: undefined,
    column: undefined,
    path: [],
    expected: undefined,
    hint: undefined,
  };
  assert.equal(formatProblems([flag], undefined), "error: --to: not an address: abc");
});

test("nothing in a file or its name can drive the terminal", () => {
  const evil = { ...problem, file: "\x1b]0;a.yaml", message: "bad \x1b[2J\n", hint: "\u202eabc" };
  const text = formatProblems([evil], "first\n\tab\x1b[2Jabc\u202e\n");
  assert.match(text, /^[ -~\n]*$/);
  assert.match(text, /^2 \| {2}ab\?\[2Jabc\?$/m);
});

test("a very long line is cut around the mistake", () => {
  const line = `${"x".repeat(5000)}abc${"y".repeat(5000)}`;
  const lines = formatProblems([{ ...problem, line: 1, column: 5001 }], line).split("\n");
  const caret = lines[4].indexOf("^");
  assert.ok(lines[3].length < 200, "the line is cut");
  assert.equal(lines[3].slice(caret, caret + 3), "abc", "the caret stands under the mistake");
});

test("paths are written as one would in a program", () => {
  assert.equal(formatPath(["a", 0, "b-c", "x.y"]), 'a[0].b-c["x.y"]');
});
