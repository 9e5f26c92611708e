/** How long a request is: each rejected or normalised form as a row, with its kin. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Body } from "./head.js";
import { DEFAULT_HTTP_LIMITS } from "./limits.js";
import { accepts, chars, get, post, readRequest, rejects } from "./parsed.test.support.js";

const BAD = "BAD_REQUEST";
const CL5 = "Content-Length: 5";
const CHUNKED = "Transfer-Encoding: chunked";

describe("the length of a request", () => {
  it("is none, a number or chunks, whatever the method", () => {
    for (const method of ["GET", "HEAD", "DELETE", "OPTIONS", "POST", "PUT", "PATCH", "TRACE", "PURGE"]) {
      const seen = (...fields: string[]): readonly [number, number] => {
        const { body, contentLength } = readRequest(get(...fields).replace("GET", method));
        return [body, contentLength];
      };
      assert.deepEqual(seen(), [Body.NONE, 0], method);
      assert.deepEqual(seen(CL5), [Body.LENGTH, 5], `L15 ${method}`);
      assert.deepEqual(seen("content-length:0"), [Body.LENGTH, 0], method);
      assert.deepEqual(seen(CHUNKED), [Body.CHUNKED, 0], method);
    }
  });

  it("L01 is not given by both fields", () => {
    rejects(BAD, [
      post(CL5, CHUNKED),
      post(CHUNKED, CL5),
      post("Content-Length: 0", CHUNKED),
      post(CHUNKED, "X: y", CL5),
    ]);
    rejects(BAD, [
      post("Content-Length:", CHUNKED),
      post(CL5, "Transfer-Encoding:"),
      post(CL5, "Transfer-Encoding: identity"),
    ]);
  });

  it("L02 L03 is given once, not even twice the same", () => {
    rejects(BAD, [
      post("Content-Length: 5, 5"),
      post("Content-Length: 5,5"),
      post("Content-Length: 5,"),
      post("Content-Length: ,5"),
    ]);
    rejects(BAD, [
      post(CL5, CL5),
      post(CL5, "Content-Length: 6"),
      post("Content-Length: 6", CL5),
      post(CL5, "X: y", "content-length: 5"),
    ]);
    rejects(BAD, [
      post(CHUNKED, CHUNKED),
      post(CHUNKED, "X: y", "transfer-encoding: identity"),
      post("Transfer-Encoding: gzip", CHUNKED),
    ]);
    rejects(BAD, [post(CL5, CL5, CL5), post(CL5, "Content-Length:"), post("Content-Length:", CL5)]);
  });

  it("L04 L05 is a plain decimal number", () => {
    const rows = [
      "",
      "+5",
      "-5",
      "-0",
      "0x5",
      "5_0",
      "5.0",
      "5e0",
      "1Z",
      '"5"',
      "5 5",
      "5;",
      "5;a",
      "0b1",
      "0o7",
      "x",
      "५",
      "5\t5",
      "５",
    ];
    rejects(
      BAD,
      rows.map((value) => post(`Content-Length: ${Buffer.from(value).toString("latin1")}`)),
    );
    rejects(
      BAD,
      ["010", "00", "05", "0000000000000000000005"].map((value) => post(`Content-Length: ${value}`)),
    );
    rejects(
      BAD,
      chars([0x21, 0x2f], [0x3a, 0x7e], [0x80, 0xff]).flatMap((char) => [
        post(`Content-Length: ${char}`),
        post(`Content-Length: 5${char}`),
        post(`Content-Length: ${char}5`),
      ]),
    );
  });

  it("L07 is below 2^53", () => {
    const bounds: readonly (readonly [string, number])[] = [
      ["1", 1],
      ["4294967295", 2 ** 32 - 1],
      ["4294967296", 2 ** 32],
      ["4294967301", 2 ** 32 + 5],
      ["9007199254740990", 2 ** 53 - 2],
      ["9007199254740991", 2 ** 53 - 1],
    ];
    for (const [value, length] of bounds)
      assert.equal(readRequest(post(`Content-Length: ${value}`)).contentLength, length);
    const above = [
      2n ** 53n,
      2n ** 53n + 1n,
      2n ** 63n,
      2n ** 64n,
      2n ** 64n + 5n,
      10n ** 16n - 1n,
      10n ** 30n,
      2n ** 53n + 2n,
    ];
    rejects(
      BAD,
      above.map((value) => post(`Content-Length: ${value}`)),
    );
  });

  it("L08 has only SP and HTAB around it", () => {
    rejects(
      BAD,
      ["\x0b", "\x0c", "\xa0", "\0", "\x85", "\x1f"].flatMap((char) => [
        post(`Content-Length: ${char}5`),
        post(`Content-Length: 5${char}`),
      ]),
    );
    assert.equal(readRequest(post("Content-Length:\t 5 \t")).contentLength, 5);
  });

  it("L09 L11 has no coding but chunked", () => {
    const other = [
      "gzip",
      "identity",
      "xchunked",
      "chunkedx",
      "chunked, gzip",
      "gzip, chunked",
      "chunked;a=b",
      "chunked, chunked",
    ];
    const odd = [
      "",
      ",chunked",
      "chunked,",
      '"chunked"',
      "chun ked",
      "chunked\tx",
      "'chunked'",
      "chunke\xe4",
      "chunked\xa0",
      "\xa0chunked",
      "x",
      "(chunked)",
    ];
    rejects(
      "TRANSFER_CODING",
      [...other, ...odd].map((value) => post(`Transfer-Encoding: ${value}`)),
    );
    rejects(
      BAD,
      ["\x0bchunked", "chunked\0", "chunked\x0b", "\0chunked", "chunked\r", "\rchunked", "\nchunked", "chunked\n"].map(
        (value) => post(`Transfer-Encoding: ${value}`),
      ),
    );
    // 0x43 and 0x63 are "C" and "c"; 0x03 and 0x23 differ from them in the bits of case alone.
    rejects(
      "TRANSFER_CODING",
      ["#hunked", "CHUNKE$", "CHUNKE\xc4"].map((value) => post(`Transfer-Encoding: ${value}`)),
    );
  });

  it("L12 knows chunked in any case, with blanks around it", () => {
    for (const value of ["CHUNKED", "Chunked", "cHuNkEd", " \tchunked\t "]) {
      assert.equal(readRequest(post(`Transfer-Encoding:${value}`)).body, Body.CHUNKED, value);
    }
    assert.equal(readRequest(post("TRANSFER-ENCODING:chunked")).body, Body.CHUNKED);
  });

  it("L13 L22 is never chunks in HTTP/1.0, and never left to the end of the connection", () => {
    const old = (text: string): string => text.replace("HTTP/1.1", "HTTP/1.0");
    rejects(BAD, [
      old(post(CHUNKED)),
      old(get(CHUNKED)),
      old(post(CHUNKED, "Connection: keep-alive")),
      old(post(CL5, CHUNKED)),
    ]);
    rejects(
      "LENGTH_REQUIRED",
      [post(), post().replace("POST", "PUT"), post().replace("POST", "PATCH"), post("Connection: keep-alive")].map(old),
    );
    accepts([post(CL5), post("Content-Length: 0"), get(), get(CL5), get().replace("GET", "DELETE")].map(old));
    const kept = readRequest(old(post(CL5, "Connection: keep-alive")));
    assert.deepEqual([kept.contentLength, kept.keepAlive], [5, true]);
    assert.equal(readRequest(post()).body, Body.NONE, "a POST of HTTP/1.1 without length has no body");
  });

  it("is refused above the body limit as soon as it is announced", () => {
    const limits = { ...DEFAULT_HTTP_LIMITS, maxBodyBytes: 5 };
    assert.equal(readRequest(post(CL5), limits).result, "ok");
    assert.equal(readRequest(post("Content-Length: 6"), limits).result, "BODY_TOO_LARGE");
  });
});
