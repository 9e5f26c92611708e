import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { parseIp } from "./ip.js";

function hex(text: string): string | undefined {
  const out = new Uint8Array(16);
  return parseIp(text, out) ? Buffer.from(out).toString("hex") : undefined;
}

for (const [text, expected] of [
  ["10.1.2.3", "00000000000000000000ffff0a010203"],
  ["::ffff:10.1.2.3", "00000000000000000000ffff0a010203"],
  ["::ffff:a01:203", "00000000000000000000ffff0a010203"],
  ["::", "00000000000000000000000000000000"],
  ["::1", "00000000000000000000000000000001"],
  ["1::", "00010000000000000000000000000000"],
  ["2001:db8::8:800:200c:417A", "20010db80000000000080800200c417a"],
  ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
  ["64:ff9b::192.0.2.33", "0064ff9b0000000000000000c0000221"],
] as const) {
  test(`${text} is read`, () => assert.equal(hex(text), expected));
}

for (const text of [
  "",
  "1",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.256",
  "01.2.3.4",
  "1.2.3.4 ",
  "0x1.2.3.4",
  "1.2..4",
  ":",
  ":::",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "1::2::3",
  "12345::",
  "g::",
  "fe80::1%eth0",
  "1.2.3.4::",
  "::1.2.3",
  "1:2:3:4:5:6:7:1.2.3.4",
  "[::1]",
  "1:",
  ":1",
]) {
  test(`"${text}" is refused`, () => assert.equal(hex(text), undefined));
}

test("reading agrees with node:net about what an address is", () => {
  const part = fc.constantFrom("0", "1", "255", "256", "00", "ffff", "a", "1.2.3.4", "12345", "", ":", "::");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 10 }), fc.constantFrom(":", "."), (parts, joint) => {
      const text = parts.join(joint);
      assert.equal(hex(text) !== undefined, isIP(text) !== 0, text);
    }),
    { numRuns: 5000 },
  );
});
