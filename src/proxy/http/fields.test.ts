import assert from "node:assert/strict";
import { test } from "node:test";
import { createForwardingRules } from "./forwarding.js";
import { compileHeaderOperations } from "./header-operations.js";
import { request, textOf, VIA } from "./heads.test.support.js";
import { countOwnVia, maxForwards } from "./list-fields.js";
import { putBytes, putDecimal, putRange } from "./put-bytes.js";

test("the own name in Via is counted whatever its case, and no other is", () => {
  const count = (...values: string[]): number => {
    const { bytes, head } = request("GET / HTTP/1.1", "Host: h", ...values.map((value) => `Via: ${value}`));
    return countOwnVia(bytes, head, VIA);
  };
  assert.equal(count(), 0);
  assert.equal(count("1.1 plimsoll"), 1);
  assert.equal(count("1.0 other, HTTP/1.1\tPlimsoll (a),1.1 plimsoll", "1.1  plimsoll"), 3);
  assert.equal(count("plimsoll", "1.1 plimsolls", "1.1 x plimsoll", "plimsoll 1.1", ",,", ""), 0);
  const none = createForwardingRules({ via: "", forwarded: false, requestId: false });
  const { bytes, head } = request("GET / HTTP/1.1", "Host: h", "Via: 1.1 plimsoll");
  assert.equal(countOwnVia(bytes, head, none), 0);
});

test("P05: Max-Forwards counts for TRACE and OPTIONS, if it is one plain number", () => {
  const read = (method: string, ...values: string[]): number => {
    const { bytes, head } = request(
      `${method} / HTTP/1.1`,
      "Host: h",
      ...values.map((value) => `Max-Forwards: ${value}`),
    );
    return maxForwards(bytes, head);
  };
  assert.equal(read("TRACE", "0"), 0);
  assert.equal(read("OPTIONS", "007"), 7);
  assert.equal(read("GET", "0"), -1);
  for (const values of [[], [""], ["-0"], ["+1"], ["1 " + "2"], ["1", "1"], ["0x1"]])
    assert.equal(read("OPTIONS", ...values), -1);
});

test("header operations of a route refuse what is Plimsoll's own, and what is no field", () => {
  for (const name of [
    "Host",
    "connection",
    "Content-Length",
    "Transfer-Encoding",
    "TE",
    "Trailer",
    "Upgrade",
    "Keep-Alive",
  ]) {
    assert.throws(
      () => compileHeaderOperations([{ kind: "remove", name, value: "" }]),
      { code: "CONFIG_INVALID" },
      name,
    );
  }
  for (const name of ["", "a b", "a:", "a\r\n", "é", "ĕ", "a\0"]) {
    assert.throws(() => compileHeaderOperations([{ kind: "set", name, value: "1" }]), { code: "CONFIG_INVALID" }, name);
  }
  for (const value of ["a\r\nb: c", "a\nb", "\0", "\x7f", "ĕ"]) {
    assert.throws(
      () => compileHeaderOperations([{ kind: "add", name: "a", value }]),
      { code: "CONFIG_INVALID" },
      value,
    );
  }
});

test("a later set or remove undoes an earlier add of the same name", () => {
  const { added } = compileHeaderOperations([
    { kind: "add", name: "A", value: "1" },
    { kind: "add", name: "B", value: "1" },
    { kind: "set", name: "a", value: "2" },
    { kind: "add", name: "a", value: " 3\t" },
    { kind: "remove", name: "b", value: "" },
  ]);
  assert.equal(textOf(added, 0, added.length), "a: 2\r\na: 3\r\n");
});

test("pieces of every length are copied whole, within one array and between two", () => {
  const source = Uint8Array.from({ length: 200 }, (_, i) => i + 1);
  for (let length = 0; length < 100; length++) {
    const both = new Uint8Array(600);
    both.set(source);
    assert.equal(putRange(both, 300, both, 10, 10 + length), 300 + length);
    const other = new Uint8Array(600);
    assert.equal(putRange(other, 300, source, 10, 10 + length), 300 + length);
    const constant = new Uint8Array(600);
    assert.equal(putBytes(constant, 300, source.slice(10, 10 + length)), 300 + length);
    const wanted = new Uint8Array(600);
    for (let i = 0; i < length; i++) wanted[300 + i] = source[10 + i];
    for (const dest of [both.fill(0, 0, 300), other, constant]) assert.deepEqual(dest, wanted);
  }
});

test("numbers are written as they are", () => {
  const dest = new Uint8Array(20);
  for (const value of [0, 9, 10, 99, 100, 65_535, 2 ** 31, 999_999_999_999_999, 2 ** 53 - 1]) {
    assert.equal(textOf(dest, 1, putDecimal(dest, 1, value)), String(value));
  }
});
