import assert from "node:assert/strict";
import { test } from "node:test";
import { createClientFields, createForwardingRules } from "./forwarding.js";
import { compileHeaderOperations } from "./header-operations.js";
import { forwarded, request, requestContext, VIA, valuesOf } from "./heads.test.support.js";
import { compileRewrite, compileRewriteHost } from "./path-rewrite.js";
import { latin1 } from "./put-bytes.js";
import { writeRequestHead } from "./request-writer.js";

const HOST = "Host: a.example";

test("an ordinary request leaves with its line, its host, its fields and who asked", () => {
  const lines = forwarded(request("GET /x?y=1 HTTP/1.1", "Host: a.example:8080", "Accept: */*", "X: \xe9\t 1"));
  assert.deepEqual(lines, [
    "GET /x?y=1 HTTP/1.1",
    "host: a.example:8080",
    "Accept: */*",
    "X: \xe9\t 1",
    "x-forwarded-for: 192.0.2.1",
    "x-forwarded-proto: http",
    "x-forwarded-host: a.example:8080",
  ]);
});

const TARGETS: [string, string, string][] = [
  ["GET http://b.example/p?q HTTP/1.1", "GET /p?q HTTP/1.1", "b.example"],
  ["GET http://b.example HTTP/1.1", "GET / HTTP/1.1", "b.example"],
  ["GET http://b.example?q=/ HTTP/1.1", "GET /?q=/ HTTP/1.1", "b.example"],
  ["OPTIONS http://b.example HTTP/1.1", "OPTIONS * HTTP/1.1", "b.example"],
  ["OPTIONS http://b.example/ HTTP/1.1", "OPTIONS / HTTP/1.1", "b.example"],
  ["OPTIONS * HTTP/1.1", "OPTIONS * HTTP/1.1", "a.example"],
  ["GET //evil/x HTTP/1.1", "GET //evil/x HTTP/1.1", "a.example"],
  ["GET /a%2Fb/../c HTTP/1.1", "GET /a%2Fb/../c HTTP/1.1", "a.example"],
  ["get / HTTP/1.1", "get / HTTP/1.1", "a.example"],
  ["BREW / HTTP/1.0", "BREW / HTTP/1.1", "a.example"],
];
for (const [line, wanted, host] of TARGETS) {
  test(`R18 R24: ${line} is forwarded as ${wanted} to ${host}`, () => {
    const lines = forwarded(request(line, HOST));
    assert.equal(lines[0], wanted);
    assert.equal(lines[1], `host: ${host}`);
    assert.deepEqual(valuesOf(lines, "host"), [host]);
  });
}

test("an HTTP/1.0 request without a host leaves with an empty Host and claims none", () => {
  const lines = forwarded(request("GET / HTTP/1.0"));
  assert.deepEqual(lines.slice(0, 2), ["GET / HTTP/1.1", "host: "]);
  assert.deepEqual(valuesOf(lines, "x-forwarded-host"), []);
});

test("P01 P03: what belongs to the client's hop stays behind", () => {
  const lines = forwarded(
    request(
      "GET / HTTP/1.1",
      "Connection: close, X-Foo",
      HOST,
      "X-Foo: 1",
      "Keep-Alive: timeout=5",
      "Proxy-Connection: keep-alive",
      "Proxy-Authorization: Basic eA==",
      "TE: gzip",
      "Upgrade: websocket",
      "Trailer: X-T",
      "Authorization: Basic eA==",
    ),
  );
  assert.deepEqual(lines.slice(2, -3), ["Trailer: X-T", "Authorization: Basic eA=="]);
});

for (const [value, isKept] of [
  ["trailers", true],
  ["trailers, gzip", true],
  ["gzip;q=0.5 ,\tTrailers", true],
  ["gzip, xtrailers", false],
  ["trailersx", false],
  ["trailers;q=0", false],
] as const) {
  test(`P03: TE ${JSON.stringify(value)} ${isKept ? "becomes trailers" : "goes"}`, () => {
    const lines = forwarded(request("GET / HTTP/1.1", HOST, `TE: ${value}`, "Connection: te"));
    assert.deepEqual(valuesOf(lines, "te"), isKept ? ["trailers"] : []);
    assert.deepEqual(valuesOf(lines, "connection"), isKept ? ["te"] : []);
  });
}

test("L18: Connection cannot name away framing or host", () => {
  const names = "content-length, transfer-encoding, host, x-forwarded-for";
  const sized = forwarded(request("POST / HTTP/1.1", HOST, `Connection: ${names}`, "Content-Length: 5"));
  assert.deepEqual(valuesOf(sized, "content-length"), ["5"]);
  assert.deepEqual(valuesOf(sized, "host"), ["a.example"]);
  assert.deepEqual(valuesOf(sized, "x-forwarded-for"), ["192.0.2.1"]);
  const chunked = forwarded(request("POST / HTTP/1.1", HOST, `Connection: ${names}`, "Transfer-Encoding: CHUNKED"));
  assert.deepEqual(valuesOf(chunked, "transfer-encoding"), ["chunked"]);
});

for (const method of ["GET", "HEAD", "DELETE", "OPTIONS", "POST"]) {
  test(`L15: ${method} with a length is forwarded with it, 0 included`, () => {
    for (const length of ["0", "7", "4503599627370497"]) {
      const lines = forwarded(request(`${method} / HTTP/1.1`, `content-length: ${length}`, HOST));
      assert.deepEqual(valuesOf(lines, "content-length"), [length]);
      assert.deepEqual(valuesOf(lines, "transfer-encoding"), []);
    }
  });
}

test("F20: aliases with an underscore are dropped", () => {
  const lines = forwarded(
    request("GET / HTTP/1.1", HOST, "Content_Length: 5", "Transfer_Encoding: chunked", "X_Forwarded_For: 1", "A_B: 1"),
  );
  assert.deepEqual(lines.slice(2, -3), ["A_B: 1"]);
});

test("Expect is handed on only where the proxy has not answered it", () => {
  const lines = ["POST / HTTP/1.1", HOST, "Expect: 100-Continue", "Content-Length: 1"];
  assert.deepEqual(valuesOf(forwarded(request(...lines)), "expect"), []);
  assert.deepEqual(valuesOf(forwarded(request(...lines), requestContext({ expect: true })), "expect"), [
    "100-continue",
  ]);
});

test("U03: Upgrade is handed on only where a tunnel is wanted and the request may have one", () => {
  const ask = ["Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13"];
  const tunnel = requestContext({ tunnel: true });
  const lines = forwarded(request("GET / HTTP/1.1", HOST, ...ask), tunnel);
  assert.deepEqual(valuesOf(lines, "connection"), ["upgrade"]);
  assert.deepEqual(valuesOf(lines, "upgrade"), ["WebSocket"]);
  for (const refused of [
    request("GET / HTTP/1.0", HOST, ...ask),
    request("POST / HTTP/1.1", HOST, ...ask),
    request("GET / HTTP/1.1", HOST, ...ask.slice(1)),
    request("GET / HTTP/1.1", HOST, "Connection: upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x"),
  ]) {
    const plain = forwarded(refused, tunnel);
    assert.deepEqual([...valuesOf(plain, "connection"), ...valuesOf(plain, "upgrade")], []);
  }
  assert.deepEqual(valuesOf(forwarded(request("GET / HTTP/1.1", HOST, ...ask)), "upgrade"), []);
});

const CLAIMS = [
  "X-Forwarded-For: 198.51.100.7",
  "X-Forwarded-Proto: https",
  "Accept: */*",
  "X-Forwarded-For: 198.51.100.8",
  "X-Forwarded-Host: public.example",
  "X-Forwarded-Port: 443",
  "Forwarded: for=198.51.100.7",
];

test("an untrusted client's claims are replaced, those without an own value too", () => {
  const rules = createForwardingRules({ via: "", forwarded: true, requestId: false });
  const lines = forwarded(request("GET / HTTP/1.1", HOST, ...CLAIMS), requestContext({ rules }));
  assert.deepEqual(lines.slice(2), [
    "Accept: */*",
    "x-forwarded-for: 192.0.2.1",
    "x-forwarded-proto: http",
    "x-forwarded-host: a.example",
    'forwarded: for=192.0.2.1;proto=http;host="a.example"',
  ]);
});

test("a trusted proxy's claims are kept, and its own address is appended in the same line", () => {
  const rules = createForwardingRules({ via: "", forwarded: true, requestId: false });
  const client = createClientFields("2001:db8::1", "http");
  const lines = forwarded(
    request("GET / HTTP/1.1", "Host: [::1]:80", ...CLAIMS),
    requestContext({ rules, client }),
    true,
  );
  assert.deepEqual(lines.slice(2), [
    "X-Forwarded-Proto: https",
    "Accept: */*",
    "X-Forwarded-Host: public.example",
    "X-Forwarded-Port: 443",
    "x-forwarded-for: 198.51.100.7, 198.51.100.8, 2001:db8::1",
    'forwarded: for=198.51.100.7, for="[2001:db8::1]";proto=http;host="[::1]:80"',
  ]);
});

test("Forwarded is kept as it came where the listener sends none, and an open quote never swallows the own element", () => {
  const line = 'Forwarded: for="unclosed';
  assert.ok(forwarded(request("GET / HTTP/1.1", HOST, line), requestContext(), true).includes(line));
  const rules = createForwardingRules({ via: "", forwarded: true, requestId: false });
  const lines = forwarded(
    request("GET / HTTP/1.1", HOST, line, 'Forwarded: for="a\\"b"'),
    requestContext({ rules }),
    true,
  );
  assert.deepEqual(valuesOf(lines, "forwarded"), ['for="a\\"b", for=192.0.2.1;proto=http;host="a.example"']);
});

test("a client without an address is unknown to Forwarded and absent from X-Forwarded-For", () => {
  const rules = createForwardingRules({ via: "", forwarded: true, requestId: false });
  const lines = forwarded(
    request("GET / HTTP/1.1", HOST),
    requestContext({ rules, client: createClientFields("", "https") }),
  );
  assert.deepEqual(valuesOf(lines, "x-forwarded-for"), []);
  assert.deepEqual(valuesOf(lines, "x-forwarded-proto"), ["https"]);
  assert.deepEqual(valuesOf(lines, "forwarded"), ['for=unknown;proto=https;host="a.example"']);
});

test("Via is appended with the version that was received", () => {
  const context = requestContext({ rules: VIA });
  const lines = forwarded(request("GET / HTTP/1.1", HOST, "Via: 1.0 other"), context);
  assert.deepEqual(valuesOf(lines, "via"), ["1.0 other", "1.1 plimsoll"]);
  assert.deepEqual(valuesOf(forwarded(request("GET / HTTP/1.0", HOST), context), "via"), ["1.0 plimsoll"]);
});

test("X-Request-Id is the trusted client's, else the generated one, and untouched where the listener makes none", () => {
  const rules = createForwardingRules({ via: "", forwarded: false, requestId: true });
  const context = requestContext({ rules, requestId: latin1("0123456789abcdef") });
  const lines = ["GET / HTTP/1.1", HOST, "X-Request-Id: mine"];
  assert.deepEqual(valuesOf(forwarded(request(...lines), context), "x-request-id"), ["0123456789abcdef"]);
  assert.deepEqual(valuesOf(forwarded(request(...lines), context, true), "x-request-id"), ["mine"]);
  assert.deepEqual(valuesOf(forwarded(request(...lines)), "x-request-id"), ["mine"]);
});

for (const [method, value, wanted] of [
  ["OPTIONS", "3", ["2"]],
  ["TRACE", "10", ["9"]],
  ["OPTIONS", "99999999999999999999", ["999999"]],
  ["OPTIONS", "x", []],
  ["OPTIONS", "-1", []],
  ["GET", "3", ["3"]],
] as const) {
  test(`P05: ${method} with Max-Forwards ${value} leaves with ${JSON.stringify(wanted)}`, () => {
    const lines = forwarded(request(`${method} / HTTP/1.1`, HOST, `Max-Forwards: ${value}`));
    assert.deepEqual(valuesOf(lines, "max-forwards"), wanted);
  });
}

test("header operations remove, replace and add, over the proxy's own fields too", () => {
  const operations = compileHeaderOperations([
    { kind: "remove", name: "X-Secret", value: "" },
    { kind: "set", name: "User-Agent", value: "plimsoll" },
    { kind: "set", name: "X-Forwarded-Proto", value: "https" },
    { kind: "remove", name: "X-Forwarded-Host", value: "" },
    { kind: "remove", name: "Via", value: "" },
    { kind: "add", name: "X-More", value: "2" },
  ]);
  const lines = forwarded(
    request("GET / HTTP/1.1", HOST, "x-SECRET: 1", "User-Agent: a", "X-More: 1", "X-Secrets: 1", "user-agent: b"),
    requestContext({ operations, rules: VIA }),
  );
  assert.deepEqual(lines.slice(2), [
    "X-More: 1",
    "X-Secrets: 1",
    "x-forwarded-for: 192.0.2.1",
    "user-agent: plimsoll",
    "x-forwarded-proto: https",
    "x-more: 2",
  ]);
});

const PREFIX = { kind: "prefix", value: "/v1/" } as const;
for (const [match, rewritePrefix, target, wanted] of [
  [PREFIX, "/api", "/v1/users?x", "/api/users?x"],
  [PREFIX, "/api/", "/v1/users", "/api/users"],
  [PREFIX, "/api", "/v1", "/api"],
  [PREFIX, "/", "/v1/users", "/users"],
  [PREFIX, "/", "/v1?x", "/?x"],
  [PREFIX, "/", "/v1/", "/"],
  [undefined, "/api", "/users", "/api/users"],
  [undefined, "/api", "/", "/api/"],
  [undefined, "/api", "http://a.example?x", "/api/?x"],
  [{ kind: "exact", value: "/old" }, "/new", "/old?x", "/new?x"],
  [{ kind: "prefix", value: "/v" }, "/w", "/v1/x", "/w1/x"],
] as const) {
  test(`${match?.value ?? "any path"} rewritten to ${rewritePrefix}: ${target} becomes ${wanted}`, () => {
    const rewrite = compileRewrite(match, rewritePrefix);
    assert.equal(
      forwarded(request(`GET ${target} HTTP/1.1`, HOST), requestContext({ rewrite }))[0],
      `GET ${wanted} HTTP/1.1`,
    );
  });
}

test("rewriting leaves the asterisk of OPTIONS alone", () => {
  const rewrite = compileRewrite(undefined, "/api");
  assert.equal(forwarded(request("OPTIONS * HTTP/1.1", HOST), requestContext({ rewrite }))[0], "OPTIONS * HTTP/1.1");
});

test("rewriting the host leaves X-Forwarded-Host as the client sent it", () => {
  const rewriteHost = compileRewriteHost("internal:8080");
  const lines = forwarded(request("GET / HTTP/1.1", HOST), requestContext({ rewriteHost }));
  assert.deepEqual(valuesOf(lines, "host"), ["internal:8080"]);
  assert.deepEqual(valuesOf(lines, "x-forwarded-host"), ["a.example"]);
});

test("a configured host or prefix that would break the head is refused", () => {
  for (const host of ["", "a b", "a\r\nx: 1", "a/b", "u@a"]) {
    assert.throws(() => compileRewriteHost(host), { code: "CONFIG_INVALID" }, host);
  }
  for (const prefix of ["", "api", "/a b", "/a\r\n", "/a?b", "/a#b", "/a/../b", "/%41"]) {
    assert.throws(() => compileRewrite(undefined, prefix), { code: "CONFIG_INVALID" }, prefix);
  }
  for (const match of [{ kind: "regex", value: "/a.*" } as const, { kind: "segments", value: ["a", "*"] } as const]) {
    assert.throws(() => compileRewrite(match, "/b"), { code: "CONFIG_INVALID" });
  }
  assert.throws(() => createForwardingRules({ via: "a\r\nb", forwarded: false, requestId: false }), {
    code: "CONFIG_INVALID",
  });
});

test("a head that might not fit is not written", () => {
  const { bytes, head } = request("GET / HTTP/1.1", HOST, `X: ${"y".repeat(500)}`);
  const before = bytes.slice();
  assert.equal(writeRequestHead(bytes, head, requestContext(), bytes, 40_000, 40_500), -1);
  assert.deepEqual(bytes, before);
});
