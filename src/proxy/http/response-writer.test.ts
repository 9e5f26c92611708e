import assert from "node:assert/strict";
import { test } from "node:test";
import type { HeaderOperation } from "../../model/spec.js";
import { Method } from "../../wire/http1/head.js";
import { chooseFraming, endsConnection, Framing } from "./framing.js";
import { compileHeaderOperations } from "./header-operations.js";
import { answered, request, response, responseContext, VIA, valuesOf } from "./heads.test.support.js";
import { latin1 } from "./put-bytes.js";
import { writeResponseHead } from "./response-writer.js";
import { UpgradeRequest } from "./upgrade.js";

const OK = "HTTP/1.1 200 OK";

/** Written for a client of this version, as the exchange would. */
function toClient(
  lines: readonly string[],
  clientMinor: 0 | 1 = 1,
  method: Parameters<typeof response>[1] = Method.GET,
): string[] {
  const parsed = response(lines, method);
  return answered(parsed, responseContext({ clientMinor, framing: chooseFraming(parsed.head, clientMinor) }));
}

test("a response with nothing of its hop leaves byte for byte as it came", () => {
  const lines = [OK, "Content-Type:text/plain", "Content-Length: 5", "Set-Cookie: a=1", "Set-Cookie:  b=2 "];
  assert.deepEqual(toClient(lines), lines);
  const chunked = ["HTTP/1.1 404 Nicht da \xfc", "transfer-encoding: chunked", "Trailer: x"];
  assert.deepEqual(toClient(chunked), chunked);
});

test("what belongs to the endpoint's hop stays behind", () => {
  const lines = [OK, "Connection: close, X-Foo", "Date: x", "X-Foo: 1", "Keep-Alive: timeout=5", "Content-Length: 5"];
  assert.deepEqual(toClient([...lines, "Upgrade: h2c", "Proxy-Connection: close", "A: b"]), [
    OK,
    "Date: x",
    lines[5],
    "A: b",
  ]);
});

test("a final response without a date gets one, unless its route removes it", () => {
  const date = latin1("date: Mon, 09 Nov 2026 08:07:06 GMT\r\n");
  const written = (lines: readonly string[], operations: readonly HeaderOperation[] = []): string[] => {
    const parsed = response([...lines, "Content-Length: 0"]);
    const set = { date, operations: compileHeaderOperations(operations), framing: chooseFraming(parsed.head, 1) };
    return answered(parsed, responseContext(set)).slice(lines.length + 1);
  };
  assert.deepEqual(written([OK]), ["date: Mon, 09 Nov 2026 08:07:06 GMT"]);
  assert.deepEqual(written([OK, "DATE: any"]), []);
  assert.deepEqual(written([OK], [{ kind: "remove", name: "Date", value: "" }]), []);
  for (const kind of ["set", "add"] as const) {
    assert.deepEqual(written([OK], [{ kind, name: "Date", value: "own" }]), ["date: own"], kind);
  }
  assert.deepEqual(answered(response(["HTTP/1.1 103 Early Hints", "Link: a"]), responseContext({ date })), [
    "HTTP/1.1 103 Early Hints",
    "Link: a",
  ]);
});

test("the status line is written anew for HTTP/1.0 endpoints and where the reason is missing", () => {
  assert.deepEqual(toClient(["HTTP/1.0 200 Fine", "Content-Length: 0"]), ["HTTP/1.1 200 Fine", "Content-Length: 0"]);
  assert.deepEqual(toClient(["HTTP/1.1 200", "Content-Length: 0"]), ["HTTP/1.1 200 ", "Content-Length: 0"]);
  assert.deepEqual(toClient(["HTTP/1.1 299 ", "Content-Length: 0"]), ["HTTP/1.1 299 ", "Content-Length: 0"]);
});

const FRAMINGS: { name: string; lines: string[]; minor: 0 | 1; framing: number; wanted: string[] }[] = [
  { name: "a length", lines: ["Content-Length: 5"], minor: 1, framing: Framing.LENGTH, wanted: ["Content-Length: 5"] },
  {
    name: "chunks",
    lines: ["Transfer-Encoding: chunked"],
    minor: 1,
    framing: Framing.CHUNKED,
    wanted: ["Transfer-Encoding: chunked"],
  },
  {
    name: "chunks",
    lines: ["Transfer-Encoding: chunked"],
    minor: 0,
    framing: Framing.DECHUNK,
    wanted: ["connection: close"],
  },
  {
    name: "a close-delimited body",
    lines: [],
    minor: 1,
    framing: Framing.CHUNK,
    wanted: ["transfer-encoding: chunked"],
  },
  { name: "a close-delimited body", lines: [], minor: 0, framing: Framing.CLOSE, wanted: ["connection: close"] },
  {
    name: "a length",
    lines: ["Content-Length: 5"],
    minor: 0,
    framing: Framing.LENGTH,
    wanted: ["Content-Length: 5", "connection: keep-alive"],
  },
];
for (const { name, lines, minor, framing, wanted } of FRAMINGS) {
  test(`Q15: ${name} to an HTTP/1.${minor} client that keeps its connection is said as ${wanted.join(" and ")}`, () => {
    const parsed = response([OK, ...lines]);
    assert.equal(chooseFraming(parsed.head, minor), framing);
    assert.deepEqual(toClient([OK, ...lines], minor), [OK, ...wanted]);
    assert.equal(endsConnection(chooseFraming(parsed.head, minor)), wanted.includes("connection: close"));
  });
}

test("HEAD and 304 say the length as information, 204 and 1xx say none", () => {
  assert.deepEqual(toClient([OK, "Content-Length: 5"], 1, Method.HEAD), [OK, "Content-Length: 5"]);
  assert.deepEqual(toClient([OK, "Transfer-Encoding: chunked"], 1, Method.HEAD), [OK]);
  assert.deepEqual(toClient([OK], 1, Method.HEAD), [OK]);
  const unchanged = "HTTP/1.1 304 Not Modified";
  assert.deepEqual(toClient([unchanged, "Content-Length: 5"]), [unchanged, "Content-Length: 5"]);
  assert.deepEqual(toClient(["HTTP/1.1 204 No Content", "Content-Length: 5"]), ["HTTP/1.1 204 No Content"]);
  assert.deepEqual(toClient(["HTTP/1.1 204 No Content", "Transfer-Encoding: chunked"]), ["HTTP/1.1 204 No Content"]);
  assert.deepEqual(toClient(["HTTP/1.1 103 Early Hints", "Link: </a>", "Content-Length: 5"]), [
    "HTTP/1.1 103 Early Hints",
    "Link: </a>",
  ]);
});

test("the end of the connection is said to either version, its life only to HTTP/1.0", () => {
  const lines = [OK, "Content-Length: 5"];
  for (const clientMinor of [0, 1] as const) {
    const context = responseContext({ clientMinor, keepAlive: false, framing: Framing.LENGTH });
    assert.deepEqual(answered(response(lines), context), [...lines, "connection: close"]);
  }
});

test("an interim response carries neither connection handling nor the route's fields, and HTTP/1.0 gets none", () => {
  const operations = compileHeaderOperations([{ kind: "add", name: "x-a", value: "1" }]);
  const { bytes, head } = response(["HTTP/1.1 100 Continue"]);
  const context = responseContext({ operations, keepAlive: false });
  assert.deepEqual(answered({ bytes, head }, context), ["HTTP/1.1 100 Continue"]);
  context.clientMinor = 0;
  assert.equal(writeResponseHead(bytes, head, context, bytes, 32_768, 65_536), 0);
});

test("I4: 101 names the protocol it switches to, and must answer what was asked", () => {
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Connection: Upgrade",
    "upgrade: WebSocket",
    "Sec-WebSocket-Accept: x",
  ];
  const parsed = response(lines);
  assert.deepEqual(answered(parsed, responseContext()), [
    lines[0],
    lines[3],
    "connection: upgrade",
    "upgrade: WebSocket",
  ]);
  const ask = (protocol: string): boolean => {
    const asked = request("GET / HTTP/1.1", "Host: a", "Connection: upgrade", `Upgrade: ${protocol}`);
    const upgrade = new UpgradeRequest();
    upgrade.remember(asked.bytes, asked.head, true);
    return upgrade.isAnsweredBy(parsed.bytes, parsed.head);
  };
  assert.equal(ask("websocket"), true);
  assert.equal(ask("websockets"), false);
  assert.equal(ask("foo"), false);
});

test("Via and the route's fields are added, and removed fields go", () => {
  const operations = compileHeaderOperations([
    { kind: "remove", name: "Server", value: "" },
    { kind: "set", name: "X-Frame-Options", value: "DENY" },
  ]);
  const parsed = response([OK, "Server: x", "Content-Length: 5", "x-frame-options: a"]);
  const lines = answered(parsed, responseContext({ rules: VIA, operations, framing: Framing.LENGTH }));
  assert.deepEqual(lines, [OK, "Content-Length: 5", "via: 1.1 plimsoll", "x-frame-options: DENY"]);
});

test("Q18: fifty cookies stay fifty lines in order", () => {
  const cookies = Array.from({ length: 50 }, (_, i) => `Set-Cookie: c${i}=1`);
  const lines = toClient([OK, ...cookies.slice(0, 25), "Connection: close", ...cookies.slice(25), "Content-Length: 0"]);
  assert.deepEqual(
    valuesOf(lines, "set-cookie"),
    cookies.map((line) => line.slice(12)),
  );
});

test("a head that might not fit is not written", () => {
  const { bytes, head } = response([OK, `X: ${"y".repeat(500)}`]);
  const before = bytes.slice();
  assert.equal(writeResponseHead(bytes, head, responseContext(), bytes, 40_000, 40_500), -1);
  assert.deepEqual(bytes, before);
});
