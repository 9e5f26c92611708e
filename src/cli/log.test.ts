import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createLog, formatAsJson, formatForPeople } from "./log.js";

const time = new Date(2024, 0, 2, 3, 4, 5);
const record = { level: "info", event: "started", message: "running a.yaml" } as const;

test("on a terminal a line has time, level, event, message and fields", () => {
  const fields = { workers: 2, listeners: [":80"], file: "a b", path: "/x", gone: undefined };
  const line = formatForPeople({ ...record, fields }, time);
  assert.equal(line, '03:04:05 info  started running a.yaml workers=2 listeners=[":80"] file="a b" path=/x');
});

test("elsewhere a line is a JSON object, whose own keys no field can replace", () => {
  const fields = { event: "fake", workers: 2, error: new Error("oops"), big: 1n };
  assert.deepEqual(JSON.parse(formatAsJson({ ...record, fields }, time)), {
    ...record,
    workers: 2,
    error: "oops",
    big: "1",
    time: time.toISOString(),
  });
});

test("whatever a record holds, it stays one line and cannot drive a terminal", () => {
  const evil = fc.string({
    unit: fc.oneof(fc.constantFrom("\n", "\r", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e", '"', "="), fc.string()),
  });
  fc.assert(
    fc.property(evil, evil, evil, (message, key, value) => {
      for (const format of [formatForPeople, formatAsJson]) {
        const line = format({ ...record, message, fields: { [`x${key}`]: value, list: [value] } }, time);
        assert.doesNotMatch(line, /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      }
    }),
  );
});

test("a JSON line still means what was logged", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (message) => {
      assert.equal(JSON.parse(formatAsJson({ ...record, message }, time)).message, message);
    }),
  );
  assert.equal(
    JSON.parse(formatAsJson({ ...record, message: "a\u202eb\x9b\u{e0001}" }, time)).message,
    "a\u202eb\x9b\u{e0001}",
  );
});

test("the kind of output decides the form", () => {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  createLog({ write, isTerminal: true, now: () => time })(record);
  createLog({ write, isTerminal: false, now: () => time })(record);
  assert.match(lines[0], /^03:04:05 info {2}started running a\.yaml\n$/);
  assert.match(lines[1], /^\{.*\}\n$/);
});
