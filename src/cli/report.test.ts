import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, type Problem } from "../config/problem.js";
import type { LogRecord } from "../proxy/log-record.js";
import { logProblems, reportProblems } from "./report.js";

const problem: Problem = {
  severity: "error",
  file: "a.yaml",
  line: 1,
  column: 1,
  length: 1,
  path: ["bogus"],
  message: "unknown key bogus",
  expected: undefined,
  hint: undefined,
};
const warning: Problem = { ...problem, severity: "warning", path: [], message: "odd", hint: "do better" };

test("a report ends with how many errors and warnings there are", () => {
  const last = (problems: readonly Problem[]) => reportProblems(new ConfigError(problems, "x")).split("\n").at(-2);
  assert.equal(last([problem]), "1 error");
  assert.equal(last([problem, problem, warning]), "2 errors, 1 warning");
});

test("in a log each problem is one record", () => {
  const records: LogRecord[] = [];
  logProblems([problem, warning], (record) => void records.push(record));
  const nothing = { key: undefined, expected: undefined, hint: undefined };
  assert.deepEqual(records, [
    {
      level: "error",
      event: "config_error",
      message: "unknown key bogus",
      fields: { ...nothing, at: "a.yaml:1:1", key: "bogus" },
    },
    {
      level: "warn",
      event: "config_warning",
      message: "odd",
      fields: { ...nothing, at: "a.yaml:1:1", hint: "do better" },
    },
  ]);
});
