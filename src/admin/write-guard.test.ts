import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { test } from "node:test";
import type { Address } from "../model/address.js";
import { denyWrite } from "./write-guard.js";

const UNIX: Address = { family: "unix", path: "/run/a.sock" };
const at = (host: string): Address => ({ family: host.includes(":") ? "ip6" : "ip4", host, port: 9901 });
const TOKEN = "0123456789abcdef";
const bearer = (token: string): IncomingHttpHeaders => ({ host: "127.0.0.1:9901", authorization: `Bearer ${token}` });

test("a unix socket takes changes from whoever may open it, unless a token is configured", () => {
  assert.equal(denyWrite(UNIX, undefined, {}), undefined);
  assert.equal(denyWrite(UNIX, TOKEN, {})?.status, 401);
  assert.equal(denyWrite(UNIX, TOKEN, bearer(TOKEN)), undefined);
});

test("loopback takes changes from whoever shows the token", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "::1"]) {
    assert.equal(denyWrite(at(host), TOKEN, bearer(TOKEN)), undefined);
    assert.equal(denyWrite(at(host), TOKEN, { authorization: `bearer  ${TOKEN} ` }), undefined);
    for (const wrong of ["", "x", TOKEN.slice(0, -1), `${TOKEN}0`]) {
      assert.equal(denyWrite(at(host), TOKEN, bearer(wrong))?.status, 401, wrong);
    }
    assert.equal(denyWrite(at(host), TOKEN, { authorization: `Basic ${TOKEN}` })?.status, 401);
    assert.equal(denyWrite(at(host), TOKEN, {})?.status, 401);
    assert.match(denyWrite(at(host), undefined, bearer(TOKEN))!.hint, /adminToken/);
  }
});

test("other addresses take no changes, whatever is shown", () => {
  for (const host of ["0.0.0.0", "10.0.0.1", "::", "127.0.0.1.evil"]) {
    assert.equal(denyWrite(at(host), TOKEN, bearer(TOKEN))?.status, 403);
  }
});

test("pages in a browser change nothing", () => {
  const with_ = (more: IncomingHttpHeaders) => denyWrite(at("127.0.0.1"), TOKEN, { ...bearer(TOKEN), ...more });
  assert.equal(with_({ origin: "http://evil.example" })?.status, 403);
  assert.equal(with_({ origin: "null" })?.status, 403);
  assert.equal(with_({ "sec-fetch-site": "cross-site" })?.status, 403);
  assert.equal(with_({ "sec-fetch-site": "same-site" })?.status, 403);
  assert.equal(with_({ origin: "http://127.0.0.1:9901", "sec-fetch-site": "same-origin" }), undefined);
});
