import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { LbError } from "../base/errors.js";
import { CidrSet } from "./cidr.js";

for (const [cidr, address, expected] of [
  ["10.0.0.0/8", "10.255.0.1", true],
  ["10.0.0.0/8", "11.0.0.0", false],
  ["10.0.0.0/8", "::ffff:10.0.0.1", true],
  ["::ffff:10.0.0.0/104", "10.0.0.1", true],
  ["192.168.1.128/25", "192.168.1.127", false],
  ["192.168.1.128/25", "192.168.1.128", true],
  ["192.168.1.7", "192.168.1.7", true],
  ["192.168.1.7", "192.168.1.6", false],
  ["0.0.0.0/0", "8.8.8.8", true],
  ["0.0.0.0/0", "::1", false],
  ["::/0", "2001:db8::1", true],
  ["::/0", "8.8.8.8", false],
  ["2001:db8::/33", "2001:db8:7fff::1", true],
  ["2001:db8::/33", "2001:db8:8000::1", false],
  ["::1", "::1", true],
  ["10.0.0.0/8", "nonsense", false],
] as const) {
  test(`${cidr} ${expected ? "has" : "has not"} ${address}`, () => {
    assert.equal(new CidrSet(["203.0.113.0/24", cidr]).has(address), expected);
  });
}

for (const cidr of [
  "",
  "10.0.0.0/33",
  "10.0.0.0/",
  "10.0.0.0/08",
  "10.0.0.0/-1",
  "::/129",
  "10.0.0.1/8",
  "host/8",
  "10.0.0.0/8/8",
]) {
  test(`"${cidr}" is refused as configuration`, () => {
    assert.throws(
      () => new CidrSet([cidr]),
      (error) => error instanceof LbError && error.code === "CONFIG_INVALID",
    );
  });
}

test("bytes are looked up like text", () => {
  const set = new CidrSet(["10.0.0.0/8", "2001:db8::/32"]);
  const bytes = Uint8Array.from([9, 10, 1, 2, 3, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.equal(set.hasBytes(bytes, 1, 4), true);
  assert.equal(set.hasBytes(bytes, 0, 4), false);
  assert.equal(set.hasBytes(bytes, 5, 16), true);
  assert.equal(set.hasBytes(bytes, 4, 16), false);
});

test("the empty set has nothing", () => assert.equal(new CidrSet([]).has("10.0.0.1"), false));

test("membership of IPv4 addresses agrees with node:net", () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.integer({ min: 0, max: 32 }), fc.nat(0xffff_ffff), (base, bits, other) => {
      const prefix = bits === 0 ? 0 : (base & (-1 << (32 - bits))) >>> 0;
      // Half of the addresses are taken from near the prefix: random ones almost never hit.
      const address = other % 2 === 0 ? other : (prefix | (other >>> bits)) >>> 0;
      const oracle = new BlockList();
      oracle.addSubnet(dotted(prefix), bits === 0 ? 0 : bits);
      assert.equal(new CidrSet([`${dotted(prefix)}/${bits}`]).has(dotted(address)), oracle.check(dotted(address)));
    }),
    { numRuns: 1000 },
  );
});

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}
