import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseRetryAfter } from "./retry-after.js";

const NOW = Date.UTC(2026, 10, 26, 12, 0, 0);
const DAY = 86_400_000;
const parse = (text: string): number => {
  const bytes = Buffer.from(`x${text}y`, "latin1");
  return parseRetryAfter(bytes, 1, bytes.length - 1, NOW);
};

test("seconds, at most a day", () => {
  assert.equal(parse("0"), 0);
  assert.equal(parse("120"), 120_000);
  assert.equal(parse("99999999999999999999"), DAY);
});

test("a date as every HTTP server writes it is read to the second", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
      const date = new Date(seconds * 1000);
      const expected = Math.min(DAY, Math.max(0, date.getTime() - NOW));
      assert.equal(parse(date.toUTCString()), expected, date.toUTCString());
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 86_399 }), (seconds) => {
      assert.equal(parse(new Date(NOW + seconds * 1000).toUTCString()), seconds * 1000);
    }),
  );
});

test("anything else is no pause", () => {
  for (const text of [
    "",
    "-1",
    "1.5",
    "soon",
    "1 ",
    "Sun, 06 Foo 2099 08:49:37 GMT",
    "Sun, 06-Nov-2099 08:49:37 GMT",
  ]) {
    assert.equal(parse(text), 0, text);
  }
  fc.assert(fc.property(fc.string({ unit: "binary-ascii", maxLength: 40 }), (text) => parse(text) >= 0));
});
