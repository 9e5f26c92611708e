import assert from "node:assert/strict";
import { test } from "node:test";
import { hashText, mix32 } from "./hash.js";

test("mixing agrees with MurmurHash3's finalizer", () => {
  assert.deepEqual([mix32(0), mix32(1), mix32(2)], [0, 0x514e28b7, 0x30f4c306]);
});

test("hashes of a text are what they always were: clients of a running system depend on them", () => {
  assert.deepEqual(["", "127.0.0.1:80", "größer"].map(hashText), [0xab3e7c0b, 0xf8c01bd6, 0x42903a57]);
});

test("texts that differ little have hashes that differ in about half of the bits", () => {
  let bits = 0;
  for (let i = 0; i < 1000; i++) {
    const difference = hashText(`10.0.0.1:${i}`) ^ hashText(`10.0.0.2:${i}`);
    bits += (difference >>> 0).toString(2).replaceAll("0", "").length;
  }
  assert.ok(bits > 14_000 && bits < 18_000, `${bits} of 32 000`);
});
