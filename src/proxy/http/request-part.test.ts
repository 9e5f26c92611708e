import assert from "node:assert/strict";
import { test } from "node:test";
import { request, textOf } from "./heads.test.support.js";
import { latin1 } from "./put-bytes.js";
import { findCookie, findHeader, findQuery, Range } from "./request-part.js";

type Find = typeof findHeader | typeof findCookie | typeof findQuery;

/** What `find` finds in a request with these lines; undefined = nothing. */
function found(find: Find, name: string, target: string, ...lines: string[]): string | undefined {
  const { bytes, head } = request(`GET ${target} HTTP/1.1`, "Host: a", ...lines);
  const range = new Range();
  return find(bytes, head, latin1(name), range) ? textOf(bytes, range.start, range.end) : undefined;
}

test("a header is found by its name in any case; an empty one and one that is not forwarded are not there", () => {
  assert.equal(found(findHeader, "x-user", "/", "X-Us: 1", "x-USER:  anna ", "X-User: b"), "anna");
  assert.equal(found(findHeader, "x-user", "/", "X-User:", "X-User: b"), "b");
  assert.equal(found(findHeader, "x-user", "/", "X-Users: b"), undefined);
  assert.equal(found(findHeader, "x-user", "/", "Connection: x-user", "X-User: b"), undefined);
  assert.equal(found(findHeader, "x-request-id", "/", "X-Request-Id: 7"), "7", "a field with a number");
});

test("a cookie is found in any line, by its whole name", () => {
  const cases: [line: string, value: string | undefined][] = [
    ["sid=1", "1"],
    ["a=b; sid=1; c=d", "1"],
    ["a=b;sid=1", "1"],
    ["a=sid=2; \tsid=1 \t; x=y", "1"],
    ["xsid=2; sid=1", "1"],
    ["sid=; sid=1", "1"],
    ["sid=a=b", "a=b"],
    ["SID=1", undefined],
    ["sid", undefined],
    ["sid=", undefined],
    ["sidx=1", undefined],
    [";;;", undefined],
  ];
  for (const [line, value] of cases) assert.equal(found(findCookie, "sid", "/", `Cookie: ${line}`), value, line);
  assert.equal(found(findCookie, "sid", "/", "Cookie: a=b", "COOKIE: sid=1"), "1");
  assert.equal(found(findCookie, "sid", "/", "Set-Cookie: sid=1"), undefined);
});

test("a query parameter is found by its decoded name", () => {
  const cases: [target: string, value: string | undefined][] = [
    ["/?id=1", "1"],
    ["/?a=b&id=1&id=2", "1"],
    ["/?i%64=1", "1"],
    ["/?id=a%20b", "a%20b"],
    ["/?id=&id=2", "2"],
    ["/?id", undefined],
    ["/?", undefined],
    ["/", undefined],
    ["/id=1", undefined],
    ["/?xid=1&idx=2", undefined],
  ];
  for (const [target, value] of cases) assert.equal(found(findQuery, "id", target), value, target);
});
