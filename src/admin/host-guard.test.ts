import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isAllowedHost } from "./host-guard.js";

describe("host guard", () => {
  for (const host of [
    undefined,
    "127.0.0.1",
    "127.0.0.1:9901",
    "10.1.2.3:80",
    "[::1]",
    "[::1]:9901",
    "[fe80::1]:1",
    "localhost",
    "LOCALHOST:9901",
    "admin.localhost:9901",
  ]) {
    it(`allows ${host}`, () => assert.equal(isAllowedHost(host), true));
  }
  for (const host of [
    "",
    "example.com",
    "example.com:9901",
    "127.0.0.1.example.com",
    "localhost.example.com",
    "notlocalhost",
    "127.0.0.1@example.com",
    "[example.com]",
    "[127.0.0.1]",
    "::1",
    "1.2.3",
    "0x7f000001",
    "127.0.0.1:",
    "127.0.0.1:99999999",
    "127.0.0.1, example.com",
  ]) {
    it(`refuses ${JSON.stringify(host)}`, () => assert.equal(isAllowedHost(host), false));
  }
});
