import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatBytes, parseBytes } from "./parse-bytes.js";
import { Refused } from "./refused.js";

for (const [text, hex] of [
  ["", ""],
  ["PING", "50494e47"],
  ["PING\\r\\n", "50494e470d0a"],
  ["PING\r\n", "50494e470d0a"],
  ["\\0\\t\\\\\\x7F", "00095c7f"],
  ["\u00e9", "c3a9"],
  ["hex:00 fF:01", "00ff01"],
  ["hex:", ""],
] as const) {
  test(`the bytes ${JSON.stringify(text)} are ${hex}`, () => {
    assert.equal(parseBytes(text), hex);
  });
}

for (const [text, message] of [
  ["\\q", "there is no escape \\q"],
  ["a\\", "there is no escape \\"],
  ["\\x1", "there is no escape \\x"],
  ["hex:0", "an odd number of hexadecimal digits"],
  ["hex:zz", "not hexadecimal: zz"],
  ["x".repeat(4097), "these are 4097 bytes"],
] as const) {
  test(`the bytes ${JSON.stringify(text.slice(0, 9))} are refused: ${message}`, () => {
    const refused = parseBytes(text);
    assert.ok(refused instanceof Refused);
    assert.equal(refused.message, message);
  });
}

test("any bytes that are written are read as the same bytes", () => {
  const anyBytes = fc.oneof(
    fc.uint8Array(),
    fc.string().map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(anyBytes, fc.boolean(), (bytes, prefixed) => {
      const hex = Buffer.from(prefixed ? [...Buffer.from("hex:"), ...bytes] : bytes).toString("hex");
      assert.equal(parseBytes(formatBytes(hex)), hex);
    }),
  );
});
