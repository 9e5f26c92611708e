/** Responses from a broken or hostile endpoint: each refused form as a row, with its kin, and how long the others are. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Body, Field, Method } from "./head.js";
import { DEFAULT_HTTP_LIMITS } from "./limits.js";
import { chars, readResponse } from "./parsed.test.support.js";

const CL5 = "Content-Length: 5";
const CHUNKED = "Transfer-Encoding: chunked";

function response(status: string, ...fields: string[]): string {
  return `HTTP/1.1 ${status}\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`;
}

function rejects(rows: readonly string[], code = "RESPONSE_INVALID"): void {
  for (const row of rows) {
    const seen = readResponse(row);
    assert.equal(seen.result, code, `${JSON.stringify(row.slice(0, 120))} gave ${seen.result} (${seen.reason})`);
    assert.notEqual(seen.reason, "", "a rejection says why");
  }
}

describe("a status line", () => {
  it("holds version, status and reason", () => {
    for (const [text, status, phrase, minor] of [
      ["HTTP/1.1 200 OK", 200, "OK", 1],
      ["HTTP/1.0 200 OK", 200, "OK", 0],
      ["HTTP/1.1 404 Not  Found\t", 404, "Not  Found\t", 1],
      ["HTTP/1.1 500 ", 500, "", 1],
      ["HTTP/1.1 299", 299, "", 1],
      ["HTTP/1.0 999", 999, "", 0],
      ["HTTP/1.1 100 ", 100, "", 1],
      ["HTTP/1.1 200 \xe4\xff", 200, "\xe4\xff", 1],
      ["HTTP/1.1 200  OK", 200, " OK", 1],
    ] as const) {
      const seen = readResponse(`${text}\r\n\r\n`);
      assert.deepEqual([seen.result, seen.status, seen.reasonPhrase, seen.minor], ["ok", status, phrase, minor], text);
    }
  });

  it("Q09 is exact in version and status", () => {
    const versions = [
      "HTTP/3.1",
      "HTTP/2.0",
      "HTTP/1.2",
      "HTTP/0.9",
      "http/1.1",
      "HTTP/1.",
      "HTTP/11",
      "ICY",
      "HTTP/1.1.1",
      "HTTP/1.10",
      "",
    ];
    rejects(versions.map((version) => `${version} 200 OK\r\n\r\n`));
    const statuses = [
      "2000",
      "20",
      "abc",
      "099",
      "000",
      "2 0",
      "-200",
      "+200",
      "0x1",
      "20a",
      "",
      "2",
      "200OK",
      "200\t",
      "200\tOK",
      "2.0",
      "²00",
    ];
    rejects(statuses.map((status) => `HTTP/1.1 ${status}\r\n\r\n`));
    rejects([
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1\t200 OK\r\n\r\n",
      " HTTP/1.1 200 OK\r\n\r\n",
      "\r\nHTTP/1.1 200 OK\r\n\r\n",
      "hello\r\n\r\n",
    ]);
  });

  it("Q04 has neither bare CR, bare LF nor control characters", () => {
    rejects(chars([0x00, 0x08], [0x0a, 0x1f], [0x7f, 0x7f]).map((char) => response(`200 O${char}K`)));
    rejects([
      "HTTP/1.1 200 OK\n\n",
      "HTTP/1.1 200\n\r\n",
      "HTTP/1.1 200 OK\r\r\n\r\n",
      "HTTP/1.1 200\r\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\n",
    ]);
    rejects(["HTTP/1.1 200 OK\rXX: a\r\n\r\n", "HTTP/1.1 200\rXX: a\r\n\r\n", "HTTP/1.1 200 OKX\nX: a\r\n\r\n"]);
  });
});

describe("the fields of a response", () => {
  it("Q01 Q02 Q03 leave no doubt about its length", () => {
    rejects([response("200 OK", CL5, CHUNKED), response("200 OK", CHUNKED, CL5)]);
    rejects([
      response("200 OK", CL5, CL5),
      response("200 OK", CL5, "Content-Length: 6"),
      response("200 OK", "Content-Length: 5, 5"),
    ]);
    for (const coding of [
      "gzip",
      "identity",
      "chunked, gzip",
      "chunked, chunked",
      "gzip, chunked",
      "",
      "chunked,",
      '"chunked"',
    ]) {
      rejects([response("200 OK", `Transfer-Encoding: ${coding}`)]);
    }
    rejects([response("200 OK", CHUNKED, CHUNKED), response("200 OK", CHUNKED).replace("1.1", "1.0")]);
    for (const length of ["", "-1", "+5", "0x5", "05", "5 5", "9007199254740992", "abc"]) {
      rejects([response("200 OK", `Content-Length: ${length}`)]);
    }
    rejects([
      response("304 Not Modified", CL5, CHUNKED),
      response("204 No Content", CL5, CL5),
      response("100 Continue", CL5, CHUNKED),
    ]);
  });

  it("Q04 Q05 Q06 have the same strict syntax as those of a request", () => {
    rejects(
      ["\0", "\r", "\n", "\x0b", "\x7f"].flatMap((char) => [
        response("200 OK", `X: a${char}b`),
        response("200 OK", `X${char}: a`),
      ]),
    );
    rejects([response("200 OK", "X: a\r\n b"), response("200 OK", "X: a\r\n\tb"), response("200 OK", " X: a")]);
    rejects([response("200 OK", "X : a"), response("200 OK", "Content-Length : 5"), response("200 OK", "X\t: a")]);
    rejects([response("200 OK", "X"), response("200 OK", ": a"), response("200 OK", "X(: a")]);
  });

  it("Q10 are bounded in count and size", () => {
    rejects(
      [response("200 OK", ...Array(10_000).fill("X: y")), response("200 OK", ...Array(101).fill("X: y"))],
      "RESPONSE_TOO_LARGE",
    );
    rejects(
      [response("200 OK", `X: ${"y".repeat(1 << 20)}`), response(`200 ${"y".repeat(1 << 20)}`)],
      "RESPONSE_TOO_LARGE",
    );
    rejects(
      [response("200 OK", ...Array(99).fill(`X: ${"y".repeat(200)}`)), `HTTP/1.1 200 ${"y".repeat(8192)}`],
      "RESPONSE_TOO_LARGE",
    );
    rejects([response("200 OK", `Connection: ${Array(65).fill("a").join()}`)], "RESPONSE_TOO_LARGE");
    const limits = { ...DEFAULT_HTTP_LIMITS, maxLineBytes: 20 };
    for (const [phrase, result] of [
      ["OKOKO", "ok"],
      ["OKOKOK", "RESPONSE_TOO_LARGE"],
    ] as const) {
      assert.equal(readResponse(response(`200 ${phrase}`), Method.GET, limits).result, result);
    }
    for (const maxLineBytes of [1, 8, 12, 13, 14]) {
      assert.equal(
        readResponse(response("200 OK"), Method.GET, { ...limits, maxLineBytes }).result,
        "RESPONSE_TOO_LARGE",
      );
    }
  });

  it("Q18 keep repeated lines apart", () => {
    const seen = readResponse(response("200 OK", ...Array.from({ length: 50 }, (_, i) => `Set-Cookie: a${i}`)));
    assert.deepEqual(
      seen.fields.map((field) => field.value),
      Array.from({ length: 50 }, (_, i) => `a${i}`),
    );
  });

  it("drop what Connection names, and _ aliases", () => {
    const seen = readResponse(
      response("200 OK", CL5, "X-Foo: a", "Content_Length: 6", "Connection: x-foo, content-length"),
    );
    assert.deepEqual(
      seen.fields.map((field) => field.id),
      [Field.CONTENT_LENGTH, Field.DROPPED, Field.DROPPED, Field.CONNECTION],
    );
    assert.deepEqual([seen.body, seen.contentLength], [Body.LENGTH, 5]);
  });
});

describe("the body of a response", () => {
  it("is delimited as RFC 9112 6.3 says", () => {
    const { GET, HEAD, CONNECT, POST } = Method;
    for (const [status, fields, method, body, length] of [
      ["200 OK", [CL5], GET, Body.LENGTH, 5],
      ["200 OK", ["Content-Length: 0"], POST, Body.LENGTH, 0],
      ["200 OK", [CHUNKED], GET, Body.CHUNKED, 0],
      ["200 OK", [], GET, Body.CLOSE, 0],
      ["500 Oh", [], POST, Body.CLOSE, 0],
      ["200 OK", [CL5], HEAD, Body.NONE, 0],
      ["200 OK", [CHUNKED], HEAD, Body.NONE, 0],
      ["200 OK", [], HEAD, Body.NONE, 0],
      ["304 Not Modified", [CL5], GET, Body.NONE, 0],
      ["304 Not Modified", [], GET, Body.NONE, 0],
      ["204 No Content", [], GET, Body.NONE, 0],
      ["204 No Content", [CL5], GET, Body.NONE, 0],
      ["204 No Content", [CHUNKED], GET, Body.NONE, 0],
      ["100 Continue", [], POST, Body.NONE, 0],
      ["103 Early Hints", [CL5], GET, Body.NONE, 0],
      ["101 Switching Protocols", [], GET, Body.NONE, 0],
      ["200 OK", [], CONNECT, Body.NONE, 0],
      ["299 OK", [CHUNKED], CONNECT, Body.NONE, 0],
      ["403 No", [CL5], CONNECT, Body.LENGTH, 5],
      ["205 Reset", [], GET, Body.CLOSE, 0],
    ] as const) {
      const seen = readResponse(response(status, ...fields), method);
      assert.deepEqual(
        [seen.result, seen.body, seen.contentLength],
        ["ok", body, length],
        `${status} ${fields} ${method}`,
      );
    }
  });

  it("Q07 announced where there is none is not passed on, and the connection not used again", () => {
    for (const status of ["204 No Content", "100 Continue", "199 X"]) {
      for (const field of [CL5, CHUNKED]) {
        const seen = readResponse(response(status, field));
        assert.deepEqual([seen.fields[0].id, seen.keepAlive], [Field.DROPPED, false], `${status} ${field}`);
      }
      const zero = readResponse(response(status, "Content-Length: 0"));
      assert.deepEqual([zero.fields[0].id, zero.keepAlive], [Field.DROPPED, true], "a length of 0 is only superfluous");
    }
    const head = readResponse(response("200 OK", CL5), Method.HEAD);
    assert.deepEqual(
      [head.fields[0].id, head.keepAlive],
      [Field.CONTENT_LENGTH, true],
      "to HEAD it says what GET would get",
    );
    assert.equal(readResponse(response("304 Not Modified", CL5)).fields[0].id, Field.CONTENT_LENGTH);
  });

  it("that ends with the connection ends it", () => {
    assert.equal(readResponse(response("200 OK", "Connection: keep-alive")).keepAlive, false);
    assert.equal(readResponse(response("200 OK", CL5)).keepAlive, true);
    assert.equal(readResponse(response("200 OK", CL5, "Connection: close")).keepAlive, false);
    assert.equal(readResponse(response("200 OK", CL5).replace("1.1", "1.0")).keepAlive, false);
    assert.equal(readResponse(response("200 OK", CL5, "Connection: keep-alive").replace("1.1", "1.0")).keepAlive, true);
  });
});

describe("a 101", () => {
  it("U01 names the protocol only with both fields, once, and no other status does", () => {
    const fields = ["Connection: Upgrade", "Upgrade: websocket"];
    assert.equal(readResponse(response("101 Switching Protocols", ...fields)).upgrade, "websocket");
    for (const text of [
      response("200 OK", ...fields),
      response("100 Continue", ...fields),
      response("426 Upgrade Required", ...fields),
      response("101 Switching Protocols", fields[0]),
      response("101 Switching Protocols", ...fields).replace("1.1", "1.0"),
      response("101 Switching Protocols", fields[1]),
      response("101 Switching Protocols", ...fields, fields[1]),
    ]) {
      assert.equal(readResponse(text).upgrade, undefined, text);
    }
  });
});
