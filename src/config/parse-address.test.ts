import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress } from "../model/address.js";
import { parseAddress } from "./parse-address.js";
import { Refused } from "./refused.js";

const parse = (text: string) => parseAddress(text, "0.0.0.0", 1);

test("an address is a host with a port, or a unix socket", () => {
  const rows: [string, ReturnType<typeof parse>][] = [
    ["10.0.0.1:9000", { family: "ip4", host: "10.0.0.1", port: 9000 }],
    [":8080", { family: "ip4", host: "0.0.0.0", port: 8080 }],
    ["localhost:3000", { family: "ip4", host: "127.0.0.1", port: 3000 }],
    ["[::1]:80", { family: "ip6", host: "::1", port: 80 }],
    ["[2001:0DB8:0:0::1]:443", { family: "ip6", host: "2001:db8::1", port: 443 }],
    ["[::]:65535", { family: "ip6", host: "::", port: 65_535 }],
    ["unix:/run/x.sock", { family: "unix", path: "/run/x.sock" }],
  ];
  for (const [text, address] of rows) assert.deepEqual(parse(text), address, text);
});

test("an address is read back from its formatted form", () => {
  for (const text of ["10.0.0.1:9000", "[2001:db8::1]:443", "unix:/run/x y.sock"]) {
    const address = parse(text);
    assert.ok(!(address instanceof Refused), text);
    assert.equal(formatAddress(address), text);
  }
});

test("what is not an address is refused with a hint where one is known", () => {
  const rows: [string, string | undefined][] = [
    ["10.0.0.1", "add a port: 10.0.0.1:80"],
    ["8080", "for a port alone write :8080"],
    ["[::1]", "add a port: [::1]:80"],
    ["::1", 'put an IPv6 address in brackets and add a port: "[::1]:80"'],
    ["fe80::a:b:80", 'put an IPv6 address in brackets and add a port: "[fe80::a:b:80]:80"'],
    ["example.com", "add a port: example.com:80"],
    ["example.com:80", "write its IP address; localhost means 127.0.0.1"],
    ["http://10.0.0.1:80", "write host:port, without the scheme"],
    ["*:80", "write :80 for all addresses"],
    ["10.0.0.1:70000", "ports are 1 to 65535"],
    ["10.0.0.1:0", "ports are 1 to 65535"],
    ["10.0.0.01:80", undefined],
    ["10.0.0:80", undefined],
    ["[::g]:80", undefined],
    ["[fe80::1%eth0]:80", "zone identifiers are not supported"],
    ["10.0.0.1:+80", undefined],
    ["10.0.0.1:80 ", undefined],
    ["unix:run/x.sock", "write unix:/run/app.sock"],
    [`unix:/${"x".repeat(107)}`, undefined],
    ["unix:/run/\0x", undefined],
    ["", undefined],
  ];
  for (const [text, hint] of rows) {
    const refused = parse(text);
    assert.ok(refused instanceof Refused, `${JSON.stringify(text)} should have been refused`);
    assert.equal(refused.hint, hint, text);
  }
});

test("port 0 is an address only where the system may choose", () => {
  assert.deepEqual(parseAddress(":0", "127.0.0.1", 0), { family: "ip4", host: "127.0.0.1", port: 0 });
  assert.ok(parseAddress(":0", "127.0.0.1", 1) instanceof Refused);
});

test("a unix path of 107 bytes fits, and bytes are counted, not characters", () => {
  assert.ok(!(parse(`unix:/${"x".repeat(106)}`) instanceof Refused));
  assert.ok(parse(`unix:/${"é".repeat(54)}`) instanceof Refused);
});
