import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseLocation } from "./parse-location.js";
import { parseNetwork, parseStatuses } from "./parse-network.js";
import { parsePathPattern } from "./parse-pattern.js";
import * as text from "./parse-text.js";
import { Refused } from "./refused.js";
import { parseOpenFieldName } from "./schema/headers.js";

type Row = readonly [input: string, output: string];

function accepts(parse: (text: string) => string | Refused, rows: readonly Row[]): void {
  for (const [input, output] of rows) assert.deepEqual(parse(input), output, input);
}

function refuses(parse: (text: string) => unknown, inputs: readonly string[]): void {
  for (const input of inputs) assert.ok(parse(input) instanceof Refused, `${JSON.stringify(input)} should be refused`);
}

const hint = (value: unknown): string | undefined => (value as Refused).hint;

test("no text that reaches the wire may hold a control character", () => {
  const parsers = [
    text.parseFieldName,
    text.parseFieldValue,
    text.parseMethod,
    text.parseHostPattern,
    text.parseAuthority,
    text.parseTarget,
    text.parsePrefix,
    text.parseLine,
    text.parseName,
    parseLocation,
    parsePathPattern,
  ];
  const control = fc.constantFrom("\r", "\n", "\0", "\x1b", "\x7f", "\r\n");
  fc.assert(
    fc.property(fc.constantFrom(...parsers), control, fc.nat(9), (parse, character, at) => {
      const input = `/path/of/x`;
      assert.ok(parse(input.slice(0, at + 1) + character + input.slice(at + 1)) instanceof Refused);
    }),
  );
});

test("header values are one line of printable ASCII, and are never repeated in the complaint", () => {
  accepts(text.parseFieldValue, [
    ["a b\tc", "a b\tc"],
    ["", ""],
  ]);
  refuses(text.parseFieldValue, [" a", "a ", "\ta", "é"]);
  const refused = text.parseFieldValue("secret\r\nX: y");
  assert.ok(refused instanceof Refused);
  assert.equal(refused.message, "the value contains CR (0x0d)");
});

test("framing and hop-by-hop fields are not open to configuration, under any spelling", () => {
  refuses(parseOpenFieldName, [
    "Connection",
    "Content-Length",
    "content_length",
    "Transfer_Encoding",
    "TE",
    "Upgrade",
    "Host",
    "a b",
    "",
  ]);
  accepts(parseOpenFieldName, [
    ["X-Forwarded-Proto", "x-forwarded-proto"],
    ["Server", "server"],
  ]);
  assert.equal(hint(parseOpenFieldName("Host")), "use rewrite: { host: name }");
});

test("methods are tokens in upper case, and CONNECT is refused", () => {
  accepts(text.parseMethod, [
    ["GET", "GET"],
    ["PURGE", "PURGE"],
  ]);
  refuses(text.parseMethod, ["CONNECT", "connect", "G T", ""]);
  assert.equal(hint(text.parseMethod("get")), "write GET");
  assert.equal(hint(text.parseMethod("PSOT")), "did you mean POST?");
});

test("host patterns are lower-case names without port, or *.suffix", () => {
  accepts(text.parseHostPattern, [
    ["API.example.com", "api.example.com"],
    ["*.Example.com", "*.example.com"],
    ["[2001:DB8::1]", "[2001:db8::1]"],
    ["10.0.0.1", "10.0.0.1"],
    ["a_b.internal", "a_b.internal"],
  ]);
  refuses(text.parseHostPattern, [
    "*",
    "a.*.b",
    "a*.b",
    "a.b.",
    ".a",
    "a..b",
    "-a",
    "a/b",
    "[::1",
    `${"a".repeat(64)}.b`,
    "a b",
  ]);
  assert.equal(hint(text.parseHostPattern("example.com:80")), "write example.com");
  assert.equal(hint(text.parseHostPattern("bücher.example")), "write xn--bcher-kva.example");
});

test("a host that is sent may have a port", () => {
  accepts(text.parseAuthority, [
    ["API.example.com:8080", "api.example.com:8080"],
    ["[::1]:80", "[::1]:80"],
  ]);
  refuses(text.parseAuthority, ["a:70000", "a:b", "*.a", "a@b", "a b"]);
});

test("targets and prefixes are ASCII paths", () => {
  accepts(text.parseTarget, [["/healthz?a=b%20c", "/healthz?a=b%20c"]]);
  refuses(text.parseTarget, ["healthz", "/a b", "/a#b", "/ü"]);
  assert.equal(hint(text.parseTarget("/a b")), "percent-encode it: /a%20b");
  accepts(text.parsePrefix, [
    ["/", "/"],
    ["/api/v2", "/api/v2"],
  ]);
  refuses(text.parsePrefix, ["api", "/a%20b", "/a/../b", "/.", "/a?b", "/a b"]);
});

test("the form of a path says how it matches", () => {
  assert.deepEqual(parsePathPattern("/v1"), { kind: "exact", value: "/v1" });
  assert.deepEqual(parsePathPattern("/v1/*"), { kind: "prefix", value: "/v1/" });
  assert.deepEqual(parsePathPattern("/*"), { kind: "prefix", value: "/" });
  assert.deepEqual(parsePathPattern("/a/*/c"), { kind: "segments", value: ["a", "*", "c"] });
  assert.deepEqual(parsePathPattern("~^/a+$"), { kind: "regex", value: "^/a+$" });
});

test("a path that could be read two ways, or can never match, is refused with what to write", () => {
  assert.equal(hint(parsePathPattern("/v1*")), "write /v1/*");
  assert.equal(hint(parsePathPattern("/a*/b")), "write ~/a[^/]*/b");
  assert.equal(hint(parsePathPattern("/a/*/c/*")), "write ~/a/[^/]+/c/[^/]+ or ~/a/[^/]+/c/.*");
  assert.equal(hint(parsePathPattern("v1")), "write /v1, or ~ before a regular expression");
  refuses(parsePathPattern, [
    "/a?b",
    "/a#b",
    "/a/../b",
    "/a b",
    "/a/%2e%2E",
    "/a%",
    "/%00",
    "/a%zz",
    "~(",
    "~a)(b",
    "*",
  ]);
});

test("an expression that cannot be matched in linear time is refused", () => {
  refuses(parsePathPattern, ["~(a)\\1", "~(?=a)b", "~(a{1,1000}){1,1000}"]);
});

test("an expression that would backtrack for ages is matched at once", () => {
  const pattern = parsePathPattern("~^(a|a)+$");
  assert.ok(!(pattern instanceof Refused) && pattern.kind === "regex");
  // 2^60 steps for an engine that backtracks.
  assert.equal(new RegExp(pattern.value).test(`${"a".repeat(60)}b`), false);
});

test("a redirect cannot be led to a host that the client chooses", () => {
  const good = [
    "/new",
    "https://example.com{path}{query}",
    "https://{host}/x{query}",
    "http://[::1]:80/",
    "/a{path}",
    "https://a.b?x",
  ];
  accepts(
    parseLocation,
    good.map((location): Row => [location, location]),
  );
  refuses(parseLocation, [
    "{path}",
    "/{path}",
    "//{host}/x",
    "//evil.example",
    "/\\evil.example",
    "https://example.com{host}",
    "https://example.com.{host}/",
    "https://{path}",
    "javascript:alert(1)",
    "https://user@example.com/",
    "https://example.com/new/{path}",
    "https://example.com/<a>",
    "/a b",
    "/{pth}",
    "/a{",
    "/ü",
  ]);
  assert.equal(hint(parseLocation("/x{qery}")), "did you mean {query}?");
});

test("networks have no bits beyond their prefix", () => {
  accepts(parseNetwork, [
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["10.1.2.3", "10.1.2.3/32"],
    ["2001:DB8::/32", "2001:db8::/32"],
    ["::1", "::1/128"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["::/0", "::/0"],
  ]);
  refuses(parseNetwork, ["10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "a/8", "10.0.0.0/8/8", ""]);
  assert.equal(hint(parseNetwork("10.1.2.3/8")), "write 10.0.0.0/8");
  assert.equal(hint(parseNetwork("2001:db8:ffff::1/33")), "write 2001:db8:8000::/33");
});

test("statuses are numbers, ranges and classes", () => {
  assert.deepEqual(parseStatuses(200), [200, 200]);
  assert.deepEqual(parseStatuses("200-399"), [200, 399]);
  assert.deepEqual(parseStatuses("2xx"), [200, 299]);
  for (const bad of ["99", "600", "6xx", "399-200", "20", "ok"]) assert.ok(parseStatuses(bad) instanceof Refused, bad);
});
