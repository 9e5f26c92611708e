import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenOf } from "../persistence-token.js";
import { EndpointData, type ProxyEndpoint } from "../proxy-cluster.js";
import { answered, request, response, responseContext } from "./heads.test.support.js";
import { TokenPersistence, type TokenSpec, tokenLine } from "./persistence.js";
import { latin1 } from "./put-bytes.js";
import { UpstreamPool } from "./upstream-pool.js";

const SECRET = "0123456789abcdef";
const COOKIE: TokenSpec = {
  kind: "cookie",
  name: "node",
  ttlMs: 0,
  path: "/",
  secure: false,
  httpOnly: true,
  sameSite: "lax",
  secret: SECRET,
};

const endpoints = ["a", "b"].map((id) => {
  const data = new EndpointData(0, new UpstreamPool({ idle: 0 }, 0));
  data.token = tokenOf(SECRET, "web", id);
  return { id, data } as ProxyEndpoint;
});

function found(spec: TokenSpec, line: string): string | undefined {
  const { bytes, head } = request("GET / HTTP/1.1", "Host: a", line);
  return new TokenPersistence(spec, endpoints).find(bytes, head)?.id;
}

test("a token names its endpoint, by cookie and by header", () => {
  for (const { id, data } of endpoints) {
    assert.equal(found(COOKIE, `Cookie: other=1; node=${data!.token}`), id);
    assert.equal(found({ kind: "header", name: "x-node", secret: SECRET }, `X-Node: ${data!.token}`), id);
  }
});

test("a token that was changed, made up or made with another secret names nothing", () => {
  const { token } = endpoints[0].data!;
  const forged = [
    "a",
    token.slice(1),
    `${token.slice(0, -1)}${token.endsWith("0") ? "1" : "0"}`,
    token.toUpperCase().replace(/\d/g, "A"),
    tokenOf("another secret..", "web", "a"),
    tokenOf(SECRET, "other", "a"),
  ];
  for (const value of forged) assert.equal(found(COOKIE, `Cookie: node=${value}`), undefined, value);
});

test("a token tells nothing of its endpoint, and is the same in every process", () => {
  const token = tokenOf(SECRET, "web", "10.0.0.1:80");
  assert.match(token, /^[0-9a-f]{64}$/);
  // HMAC-SHA256 of "web\0" "10.0.0.1:80", by openssl.
  assert.equal(token, "006f51c61e1e8459081fc3205da628f90e05828dbf643fce476559e3595047df");
});

test("a cookie's line has the attributes that were configured", () => {
  const line = (changes: Partial<TokenSpec>) =>
    Buffer.from(tokenLine({ ...COOKIE, ...changes } as TokenSpec, "t")).toString();
  assert.equal(line({}), "set-cookie: node=t; Path=/; HttpOnly; SameSite=Lax\r\n");
  assert.equal(
    line({ path: "/x", ttlMs: 60_000, secure: true, httpOnly: false, sameSite: "none" }),
    "set-cookie: node=t; Path=/x; Max-Age=60; Secure; SameSite=None\r\n",
  );
});

test("the added line stands beside the endpoint's own cookies, and in no interim response but 101", () => {
  const added = latin1("set-cookie: node=t\r\n");
  const written = (status: string) =>
    answered(response([`HTTP/1.1 ${status}`, "Set-Cookie: a=1", "Set-Cookie: node=own"]), responseContext({ added }));
  assert.deepEqual(written("204 No").slice(1), ["Set-Cookie: a=1", "Set-Cookie: node=own", "set-cookie: node=t"]);
  assert.ok(!written("103 Early").includes("set-cookie: node=t"));
  assert.ok(written("101 Switching").includes("set-cookie: node=t"));
});
