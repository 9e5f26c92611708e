import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_BODY_BYTES } from "./answer.js";
import { ExpectedBytes } from "./expected-bytes.js";
import type { Judgement } from "./reader.js";

function judge(expected: Uint8Array, pieces: readonly Uint8Array[]): Judgement {
  const reader = new ExpectedBytes(expected);
  for (const piece of pieces) {
    const judgement = reader.feed(piece);
    if (judgement !== undefined) return judgement;
  }
  return reader.end();
}

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

for (const [expected, answer, ok, reason] of [
  ["+PONG", "+PONG\r\n", true, "answered as expected"],
  ["+PONG", "greeting\r\n++PONG", true, "answered as expected"],
  ["aab", "aaab", true, "answered as expected"],
  ["+PONG", "-ERR loading\r\n", false, 'the answer does not contain "+PONG"'],
  ["\r\n", "", false, "closed without an answer"],
  ["\0\xff", "x", false, "the bytes 00ff"],
] as const) {
  test(`where ${JSON.stringify(expected)} is expected, ${JSON.stringify(answer)} is ${ok ? "" : "un"}healthy`, () => {
    const judgement = judge(bytes(expected), [bytes(answer)]);
    assert.equal(judgement.ok, ok);
    assert.ok(judgement.reason.endsWith(reason), judgement.reason);
  });
}

test("an answer without an end is given up", () => {
  const reader = new ExpectedBytes(bytes("x"));
  const judgement = reader.feed(new Uint8Array(MAX_BODY_BYTES));
  assert.equal(judgement?.reason, `the answer does not contain "x" in its first ${MAX_BODY_BYTES} bytes`);
});

test("what is expected is found exactly where it is, in any pieces", () => {
  const few = fc.uint8Array({ min: 0x61, max: 0x62, minLength: 1, maxLength: 4 });
  const pieces = fc.array(fc.uint8Array({ min: 0x61, max: 0x62, maxLength: 6 }), { maxLength: 6 });
  fc.assert(
    fc.property(few, pieces, (expected, answer) => {
      assert.equal(judge(expected, answer).ok, Buffer.concat(answer).includes(Buffer.from(expected)));
    }),
    { numRuns: 2000 },
  );
});
