import assert from "node:assert/strict";
import { test } from "node:test";
import { type Address, formatAddress } from "../model/address.js";
import { targetOf } from "./target.js";

const ip: Address = { family: "ip6", host: "2001:db8::1", port: 80 };
const socket: Address = { family: "unix", path: "/run/a.sock" };
const other: Address = { family: "ip4", host: "10.0.0.9", port: 81 };

for (const [what, endpoint, address, port, target] of [
  ["the endpoint itself", ip, undefined, 0, "[2001:db8::1]:80"],
  ["another port of its host", ip, undefined, 8080, "[2001:db8::1]:8080"],
  ["another address", ip, other, 0, "10.0.0.9:81"],
  ["a socket whatever the port", socket, undefined, 8080, "unix:/run/a.sock"],
  ["an address instead of a socket", socket, other, 0, "10.0.0.9:81"],
] as const) {
  test(`a check goes to ${what}`, () => {
    assert.equal(formatAddress(targetOf(endpoint, { address, port })), target);
  });
}
