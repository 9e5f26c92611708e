import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { request, textOf } from "./heads.test.support.js";
import { inspectPath, normalisePath, PathForm, readingBytes, readLiberally } from "./normal-path.js";

/** The path that stands in the request afterwards; undefined = refused. The query must not move. */
function normal(path: string): string | undefined {
  const { bytes, head } = request(`GET ${path}?q=1 HTTP/1.1`, "Host: h");
  const form = inspectPath(bytes, head.pathStart, head.pathEnd);
  if (form & PathForm.CHANGES && !normalisePath(bytes, head)) return undefined;
  assert.equal(textOf(bytes, head.pathEnd, head.queryEnd), "?q=1");
  return textOf(bytes, head.pathStart, head.pathEnd);
}

function liberal(path: string): string | undefined {
  const { bytes, head } = request(`GET ${path} HTTP/1.1`, "Host: h");
  const length = readLiberally(bytes, head.pathStart, head.pathEnd);
  return length < 0 ? undefined : textOf(readingBytes(), 0, length);
}

function decoded(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
}

const pathOf = (...pieces: string[]) =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => `/${parts.join("")}`);

/** RFC 3986 5.2.4 on strings, segment by segment; undefined where it climbs above the root. */
function resolved(path: string): string | undefined {
  const segments = path.slice(1).split("/");
  const kept: string[] = [];
  for (const [i, segment] of segments.entries()) {
    const isDots = segment === "." || segment === "..";
    if (segment === ".." && kept.pop() === undefined) return undefined;
    if (!isDots) kept.push(segment);
    else if (i === segments.length - 1) kept.push("");
  }
  return `/${kept.join("/")}`;
}

// Not compared with `new URL`: that of Node 20 leaves `/.b/..` as it is.
test("dot segments are resolved, however they are spelled, unless they climb above the root", () => {
  fc.assert(
    fc.property(pathOf("/", ".", "..", "/../", "a", "b", "%2e", "%2E", "%2F", "%C3"), (path) => {
      assert.equal(normal(path), resolved(path.replaceAll(/%2e/gi, ".")));
    }),
    { numRuns: 5000 },
  );
});

test("a normal path stays as it is, and equivalent escapes end in one form", () => {
  const escaped = fc.integer({ min: 1, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, "0")}`);
  const visible = fc.stringMatching(/^[\x21\x22\x24\x26-\x3e\x40-\x7e]{1,4}$/);
  fc.assert(
    fc.property(fc.array(fc.oneof(escaped, visible, fc.constantFrom("/", ".")), { maxLength: 12 }), (parts) => {
      const path = `/${parts.join("")}`;
      const once = normal(path);
      if (once === undefined) return;
      assert.equal(normal(once), once);
      assert.doesNotMatch(once, /\/\.{1,2}(\/|$)|%[a-f]|%[0-9A-F][a-f]|%00/);
      assert.equal(normal(path.replaceAll(/%[0-9a-f]{2}/g, (text) => text.toUpperCase())), once);
      // Nothing was lost: decoded, both are the same up to dot segments.
      if (!/\/(\.|%2e)/i.test(path)) assert.equal(decoded(once), decoded(path));
    }),
    { numRuns: 5000 },
  );
});

test("an ordinary path has one reading", () => {
  fc.assert(
    fc.property(pathOf("/", ".", "a", "b.c", "/x", "%2F", "\\", "%20", "%C3", "@", "%40"), (path) => {
      const { bytes, head } = request(`GET ${path} HTTP/1.1`, "Host: h");
      if (inspectPath(bytes, head.pathStart, head.pathEnd) === PathForm.ORDINARY) assert.equal(liberal(path), path);
    }),
    { numRuns: 5000 },
  );
});

for (const [path, wanted] of [
  ["/a%2Fb", "/a/b"],
  ["/a%5cb\\c", "/a/b/c"],
  ["//a///b", "/a/b"],
  ["/a%2f..%2fb", "/b"],
  ["/%40%3a%7C", "/@:|"],
  ["/%20%25%3f%23%c3", "/%20%25%3F%23%C3"],
  ["/%2e%2e", undefined],
  ["/a%2f..%2f..", undefined],
] as const) {
  test(`the most liberal reading of ${path} is ${wanted ?? "refused"}`, () => {
    assert.equal(liberal(path), wanted);
  });
}

test("long and hostile paths are read in time that grows with their length", () => {
  for (const piece of ["/..", "/a/..", "%2e%2e/", "//", "/.", "%", "%2F"]) {
    const path = `/${piece.repeat(Math.floor(7000 / piece.length))}`;
    const start = process.hrtime.bigint();
    for (let i = 0; i < 20; i++) {
      normal(path);
      liberal(path);
    }
    const each = Number(process.hrtime.bigint() - start) / 20e6;
    assert.ok(each < 50, `${piece} repeated took ${each} ms`);
  }
});
