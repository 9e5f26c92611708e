import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hashBytes, hashText } from "../../base/hash.js";
import type { HashKey } from "../../model/spec.js";
import type { Downstream } from "./downstream.js";
import { RequestHash } from "./hash-request.js";
import { request } from "./heads.test.support.js";
import { latin1, NO_BYTES } from "./put-bytes.js";

const CLIENT = { sourceHash: hashText("192.0.2.1") } as Downstream;

function hash(keys: readonly HashKey[], lines: readonly string[], madeId: Uint8Array = NO_BYTES): number {
  const [first, ...rest] = lines;
  const { bytes, head } = request(first, "Host: a", ...rest);
  return new RequestHash(keys).of(bytes, head, CLIENT, madeId);
}

test("bytes hash as the text of the same characters does", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((unit) => String.fromCharCode(unit)) }),
      (text) => {
        assert.equal(hashBytes(latin1(text), 0, text.length), hashText(text));
      },
    ),
  );
});

test("each key hashes its own part of the request and nothing else", () => {
  const lines = ["GET /a/b?x=1&id=7 HTTP/1.1", "X-User: anna", "Cookie: t=1; sid=s%3D", "X-Request-Id: r1"];
  const cases: [key: HashKey, text: string][] = [
    [{ from: "header", name: "x-user" }, "anna"],
    [{ from: "cookie", name: "sid" }, "s%3D"],
    [{ from: "query", name: "id" }, "7"],
    [{ from: "path" }, "/a/b"],
    [{ from: "source" }, "192.0.2.1"],
    [{ from: "request-id" }, "r1"],
  ];
  for (const [key, text] of cases) assert.equal(hash([key], lines), hashText(text), key.from);
});

test("a query value hashes as what it means", () => {
  const key: HashKey = { from: "query", name: "id" };
  const of = (target: string) => hash([key], [`GET ${target} HTTP/1.1`]);
  assert.equal(of("/?id=a%20b"), hashText("a b"));
  assert.equal(of("/?id=a+b"), hashText("a b"));
  assert.equal(of("/?id=%41"), of("/?id=A"));
});

test("the first key that the request has is taken, and -1 says that it has none", () => {
  const keys: HashKey[] = [
    { from: "header", name: "x-user" },
    { from: "cookie", name: "sid" },
  ];
  const get = "GET / HTTP/1.1";
  assert.equal(hash(keys, [get, "Cookie: sid=1", "X-User: anna"]), hashText("anna"));
  assert.equal(hash(keys, [get, "Cookie: sid=1", "X-User:"]), hashText("1"));
  assert.equal(hash(keys, [get, "Cookie: other=1"]), -1);
  assert.equal(hash([], [get]), -1);
});

test("a request without an id is hashed by the one that it gets", () => {
  const key: HashKey = { from: "request-id" };
  assert.equal(hash([key], ["GET / HTTP/1.1"], latin1("0123")), hashText("0123"));
  assert.equal(hash([key], ["GET / HTTP/1.1"]), -1);
});

test("an implied path is /", () => {
  assert.equal(hash([{ from: "path" }], ["GET http://a HTTP/1.1"]), hashText("/"));
});
