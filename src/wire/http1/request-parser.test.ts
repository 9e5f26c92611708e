/** Request lines, and what a request says of its connection: each rejected or normalised form as a row, with its kin. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Body, Field, Method } from "./head.js";
import { DEFAULT_HTTP_LIMITS } from "./limits.js";
import { accepts, chars, get, line, post, readRequest, rejects } from "./parsed.test.support.js";

const BAD = "BAD_REQUEST";

describe("the request line", () => {
  it("R01 has exactly one blank between its parts", () => {
    rejects(
      BAD,
      ["GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET\t/ HTTP/1.1", "GET /\tHTTP/1.1", "GET / \tHTTP/1.1"].map(line),
    );
    rejects(
      BAD,
      ["GET / HTTP/1.1", "GET /x HTTP/1.1"].map((text) => line(text.replaceAll(" ", "\x0b"))),
    );
    rejects(
      BAD,
      ["GET / HTTP/1.1"].map((text) => line(text.replaceAll(" ", "\xa0"))),
    );
  });

  it("R03 has no blank at its end or before the method", () => {
    rejects(BAD, ["GET / HTTP/1.1 ", "GET / HTTP/1.1\t", " GET / HTTP/1.1", "\tGET / HTTP/1.1"].map(line));
  });

  it("R04 may follow a few empty lines", () => {
    for (const count of [0, 1, 2, 4]) {
      const text = `${"\r\n".repeat(count)}${line("GET / HTTP/1.1")}`;
      const seen = readRequest(text);
      assert.equal(seen.result, "ok");
      assert.equal(seen.consumed, text.length, "the empty lines count as consumed");
    }
    rejects(
      BAD,
      [5, 100, 5000].map((count) => `${"\r\n".repeat(count)}${line("GET / HTTP/1.1")}`),
    );
    rejects(
      BAD,
      ["\n", "\r", "\r\r\n", "\n\r\n", "\r\n\n", " \r\n", "\r\n "].map((text) => text + line("GET / HTTP/1.1")),
    );
  });

  it("R06 holds no bare CR and no bare LF", () => {
    rejects(
      BAD,
      ["GET /\r HTTP/1.1", "GET /a\rb HTTP/1.1", "GET / HTTP/1.1\r", "GET / HT\rTP/1.1", "G\rET / HTTP/1.1"].map(line),
    );
    rejects(BAD, ["GET /\n HTTP/1.1", "GET /a\nb HTTP/1.1", "GET / HTTP/1.1\n", "G\nET / HTTP/1.1"].map(line));
    rejects(BAD, ["GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\n\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\n\n"]);
    for (const version of ["HTTP/1.1", "HTTP/1.0"]) {
      // Only the byte behind the CR is wrong; what follows would be a head.
      rejects(
        BAD,
        [...chars([0x00, 0x09], [0x0b, 0x7f])].map((char) => `GET / ${version}\r${char}Host: a\r\n\r\n`),
      );
      rejects(
        BAD,
        [...chars([0x00, 0x0c], [0x0e, 0x7f])].map((char) => `GET / ${version}${char}\nHost: a\r\n\r\n`),
      );
    }
  });

  it("R07 names a version, and its lack is seen at the end of the line", () => {
    rejects(BAD, [
      "GET /\r\n",
      "GET / \r\n",
      "GET\r\n",
      "GET \r\n",
      "GET /\n",
      "GET / HT\r\n",
      "/\r\n",
      "GET /x?y\r\n",
    ]);
  });

  it("R08 names HTTP/1.0 or HTTP/1.1", () => {
    const rows = ["HTTP/2.0", "HTTP/9.9", "HTTP/0.9", "HTTP/1.2", "HTTP/3.0", "HTTP/0.0", "HTTP/2.1", "HTTP/1.9"];
    rejects(
      "VERSION_NOT_SUPPORTED",
      rows.map((version) => line(`GET / ${version}`)),
    );
    accepts(["HTTP/1.0", "HTTP/1.1"].map((version) => line(`GET / ${version}`)));
  });

  it("R08 spells the version exactly", () => {
    const rows = [
      "http/1.1",
      "Http/1.1",
      "HTTP/1",
      "HTTP/1.",
      "HTTP/.1",
      "HTTP/11",
      "HTTP/1.10",
      "HTTP/01.1",
      "HTTP/1,1",
    ];
    const more = [
      "HTTP1.1",
      "HTTP /1.1",
      "HTTP/ 1.1",
      "HTTP/1.1x",
      "HTTP/-1.1",
      "HTTP/1.a",
      "HTTP/\xb1.1",
      "HTTPS/1.1",
      "XTTP/1.1",
    ];
    rejects(
      BAD,
      [...rows, ...more, "TTP/1.1", "ICY/1.1"].map((version) => line(`GET / ${version}`)),
    );
  });

  it("R10 begins with a token", () => {
    const bad = ['=":<>(/', ...'=":<>(/)@,;[]{}?\\', ...chars([0x00, 0x1f], [0x7f, 0xff])];
    rejects(
      BAD,
      bad
        .flatMap((text) => [line(`${text}GET / HTTP/1.1`), line(`G${text}T / HTTP/1.1`)])
        .filter((row) => !row.startsWith("\r\n")),
    );
    rejects(BAD, [" / HTTP/1.1\r\nHost: a\r\n\r\n"]);
    accepts([line("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1")]);
  });

  it("R11 keeps the method as it is", () => {
    for (const method of [
      "get",
      "Get",
      "GETT",
      "GE",
      "PURGE",
      "M-SEARCH",
      "connect",
      "options",
      "POSt",
      "PATCh",
      "TRACe",
      "DELETe",
      "PUt",
      "HEAd",
    ]) {
      const seen = readRequest(line(`${method} / HTTP/1.1`));
      assert.equal(seen.method, method);
      assert.equal(seen.methodId, Method.EXTENSION, method);
    }
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] as const) {
      const seen = readRequest(line(`${method} / HTTP/1.1`));
      assert.equal(seen.method, method);
      assert.equal(seen.methodId, Method[method], method);
    }
  });

  it("R22 is bounded, and the bound is known before the line ends", () => {
    const limits = { ...DEFAULT_HTTP_LIMITS, maxLineBytes: 64 };
    const target = (length: number): string => `/${"a".repeat(length - "GET / HTTP/1.1\r\n".length)}`;
    for (const [length, result] of [
      [63, "ok"],
      [64, "ok"],
      [65, "URI_TOO_LONG"],
      [66, "URI_TOO_LONG"],
      [9999, "URI_TOO_LONG"],
    ] as const) {
      assert.equal(readRequest(line(`GET ${target(length)} HTTP/1.1`), limits).result, result, `${length} bytes`);
    }
    assert.equal(readRequest(`GET /${"a".repeat(58)}`, limits).result, "incomplete");
    assert.equal(readRequest(`GET /${"a".repeat(59)}`, limits).result, "URI_TOO_LONG");
    assert.equal(readRequest(`GET /?${"a".repeat(58)}`, limits).result, "URI_TOO_LONG");
    rejects("URI_TOO_LONG", [`GET /${"a".repeat(65_536)} HTTP/1.1\r\n`, `GET /${"a".repeat(65_536)}`]);
    rejects(BAD, ["A".repeat(8192), `${"A".repeat(10_000)} / HTTP/1.1\r\n`]);
  });
});

describe("what the request says of the connection", () => {
  it("lives on in HTTP/1.1 unless closed, and ends in 1.0 unless kept alive", () => {
    const rows: readonly (readonly [string, string, boolean])[] = [
      ["1.1", "", true],
      ["1.1", "Connection: close\r\n", false],
      ["1.1", "connection:CLOSE\r\n", false],
      ["1.1", "Connection: keep-alive\r\n", true],
      ["1.1", "Connection: keep-alive, close\r\n", false],
      ["1.1", "Connection: close, keep-alive\r\n", false],
      ["1.1", "Connection: keep-alive\r\nConnection: close\r\n", false],
      ["1.1", "Connection: close\r\nX: y\r\nConnection: keep-alive\r\n", false],
      ["1.1", "Connection: ,, close ,\r\n", false],
      ["1.1", "Connection: closed\r\n", true],
      ["1.1", "Connection:\r\n", true],
      ["1.1", "Proxy-Connection: close\r\n", true],
      ["1.0", "", false],
      ["1.0", "Connection: close\r\n", false],
      ["1.0", "Connection: Keep-Alive\r\n", true],
      ["1.0", "Connection: x, keep-alive\r\n", true],
      ["1.0", "Connection: keep-alive, close\r\n", false],
      ["1.0", "Proxy-Connection: keep-alive\r\n", false],
    ];
    for (const [version, fields, keepAlive] of rows) {
      assert.equal(
        readRequest(`GET / HTTP/${version}\r\nHost: a\r\n${fields}\r\n`).keepAlive,
        keepAlive,
        version + fields,
      );
    }
  });

  it("refuses a Connection field that is no list of tokens, or an endless one", () => {
    rejects(
      BAD,
      ["close keep-alive", "close;x", '"close"', "close\xa0", "a/b", "clo se"].map((value) =>
        get(`Connection: ${value}`),
      ),
    );
    accepts([get(`Connection: ${Array(64).fill("a").join()}`)]);
    rejects("HEADERS_TOO_LARGE", [get(`Connection: ${Array(65).fill("a").join()}`)]);
    rejects("HEADERS_TOO_LARGE", [
      get(`Connection: ${Array(40).fill("a").join()}`, `Connection: ${Array(40).fill("b").join()}`),
    ]);
  });

  it("P01 L18 names fields that are not forwarded, but never those that others rely on", () => {
    const dropped = (text: string): string[] => {
      const seen = readRequest(text);
      assert.equal(seen.result, "ok", seen.reason);
      return seen.fields.filter((field) => field.id === Field.DROPPED).map((field) => field.name);
    };
    assert.deepEqual(dropped(get("X-Foo: 1", "Connection: close, X-Foo", "x-FOO: 2", "X-Bar: 3")), ["X-Foo", "x-FOO"]);
    assert.deepEqual(
      dropped(get("Connection: a", "A: 1", "B: 2", "Connection: b")),
      ["A", "B"],
      "every Connection line counts",
    );
    assert.deepEqual(dropped(get("Connection: accept, trailer", "Accept: x", "Trailer: y")), ["Accept", "Trailer"]);
    assert.deepEqual(dropped(get("Connection: X-Fo, X-Fooo", "X-Foo: 1")), []);
    const kept = [
      "Host",
      "Content-Length",
      "X-Forwarded-For",
      "X-Forwarded-Proto",
      "X-Forwarded-Host",
      "Forwarded",
      "Via",
      "X-Request-Id",
      "Max-Forwards",
      "Expect",
      "X-Real-IP",
      "X-Forwarded-Port",
      "X-Forwarded-Whatever",
      "True-Client-IP",
    ];
    for (const name of kept) {
      const value = name === "Expect" ? "100-continue" : "1";
      const text = post(`Connection: ${name.toUpperCase()}`, ...(name === "Host" ? [] : [`${name}: ${value}`]));
      assert.deepEqual(dropped(text), [], name);
    }
    const chunked = readRequest(post("Connection: transfer-encoding", "Transfer-Encoding: chunked"));
    assert.equal(chunked.body, Body.CHUNKED);
    assert.equal(readRequest(post("Connection: content-length", "Content-Length: 5")).contentLength, 5);
    assert.equal(readRequest(get("Connection: host")).host, "a");
  });

  it("U03 upgrades only a GET of HTTP/1.1 that says so in both fields", () => {
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket"];
    assert.equal(readRequest(get(...upgrade)).upgrade, "websocket");
    assert.equal(readRequest(get("upgrade: WebSocket", "connection: keep-alive, upgrade")).upgrade, "WebSocket");
    assert.equal(readRequest(get(...upgrade, "Content-Length: 0")).upgrade, "websocket");
    for (const text of [
      get(...upgrade).replace("1.1", "1.0"),
      post(...upgrade),
      get(...upgrade).replace("GET", "get"),
      get("Upgrade: websocket"),
      get("Connection: upgrade"),
      get("Connection: upgraded", "Upgrade: websocket"),
      get(...upgrade, "Upgrade: websocket"),
      get(...upgrade, "Content-Length: 1"),
      get(...upgrade, "Transfer-Encoding: chunked"),
      ...["", "h2c", "H2C", "HTTP/2.0", "http/1.1", "TLS/1.0", "tls", "websocket, h2c", "h2c,websocket", "a b"].map(
        (value) => get("Connection: upgrade", `Upgrade: ${value}`),
      ),
    ]) {
      const seen = readRequest(text);
      assert.deepEqual([seen.result, seen.upgrade], ["ok", undefined], text);
    }
  });

  it("L20 expects 100-continue or nothing", () => {
    assert.equal(readRequest(post("Expect: 100-continue", "Content-Length: 1")).expectContinue, true);
    assert.equal(readRequest(post("expect: 100-CONTINUE", "Content-Length: 1")).expectContinue, true);
    assert.equal(readRequest(post("Content-Length: 1")).expectContinue, false, "nothing stays of the last one");
    assert.equal(
      readRequest(post("Expect: 100-continue", "Content-Length: 1").replace("1.1", "1.0")).expectContinue,
      false,
    );
    assert.equal(readRequest(post("Content-Length: 1")).expectContinue, false);
    const rows = [
      "",
      "100",
      "200-ok",
      "100-continue, x",
      "100-continue;a",
      "x",
      "100-continue, 100-continue",
      "1\x10\x10-continue",
    ];
    rejects(
      "EXPECTATION_FAILED",
      rows.slice(0, -1).map((value) => post(`Expect: ${value}`, "Content-Length: 1")),
    );
    rejects("EXPECTATION_FAILED", [post("Expect: 100-continue", "Expect: x", "Content-Length: 1")]);
  });
});
