/** Trailers: each forwarded, dropped or refused form as a row, with its kin. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode, rejectsBodies as rejects } from "./decoded.test.support.js";
import { DEFAULT_HTTP_LIMITS } from "./limits.js";

describe("trailers", () => {
  const kept = (...lines: string[]): string => {
    const seen = decode(`1\r\na\r\n0\r\n${lines.map((text) => `${text}\r\n`).join("")}\r\n`);
    assert.equal(seen.result, "done", lines.join());
    assert.ok(seen.forwarded.startsWith("1\r\na\r\n0\r\n") && seen.forwarded.endsWith("\r\n"));
    return seen.forwarded.slice(9, -2);
  };

  it("go on in order, without blanks at the end of their lines", () => {
    assert.equal(kept("X: y", "grpc-status:0", "X: z"), "X: y\r\ngrpc-status:0\r\nX: z\r\n");
    assert.equal(kept("Server-Timing:  a \t"), "Server-Timing:  a\r\n");
    assert.equal(kept("X:"), "X:\r\n");
  });

  it("C10 are dropped, not merged, where they would change what was decided", () => {
    const names = [
      "Content-Length",
      "Transfer-Encoding",
      "Host",
      "Authorization",
      "Cookie",
      "Set-Cookie",
      "Connection",
      "Trailer",
      "TE",
    ];
    const more = [
      "Content-Type",
      "Content-Encoding",
      "Content-Range",
      "Cache-Control",
      "Expect",
      "Max-Forwards",
      "Upgrade",
      "Range",
      "If-Match",
      "Proxy-Authorization",
    ];
    const forwarding = [
      "X-Forwarded-For",
      "Forwarded",
      "Via",
      "X-Real-IP",
      "X-Forwarded-Port",
      "Content_Length",
      "X_Forwarded_For",
      "COOKIE",
      "Set_Cookie",
      "Location",
    ];
    for (const name of [...names, ...more, ...forwarding]) {
      assert.equal(kept(`${name}: 5`), "", name);
      assert.equal(
        kept("A: 1", `${name}: 5`, "B: 2", `${name.toLowerCase()}: chunked`, "C: 3"),
        "A: 1\r\nB: 2\r\nC: 3\r\n",
        name,
      );
    }
  });

  it("are refused where their syntax is not that of a field section", () => {
    rejects(
      ["X", ": y", "X : y", " X: y", "X: a\r\n b", "X: a\0b", "X: a\rb", "X: a\nY: b", "X(: y", "GET / HTTP/1.1"].map(
        (text) => `0\r\n${text}\r\n\r\n`,
      ),
    );
    rejects(["0\r\nX: y\n\n", "0\r\nX: y\r\n\n", "0\r\nX: y\r\n\rX"]);
  });

  it("are bounded in bytes, lines and line length", () => {
    const limits = { ...DEFAULT_HTTP_LIMITS, maxTrailerBytes: 20 };
    const result = (text: string): string => decode(text, limits).result;
    assert.equal(result(`0\r\nX: ${"y".repeat(12)}\r\n\r\nGET`), "done");
    assert.equal(result(`0\r\nX: ${"y".repeat(13)}\r\n\r\n`), "done");
    assert.equal(result(`0\r\nX: ${"y".repeat(14)}\r\n\r\n`), "HEADERS_TOO_LARGE");
    assert.equal(result(`0\r\nX: ${"y".repeat(17)}`), "HEADERS_TOO_LARGE");
    rejects([`0\r\nX: ${"y".repeat(100_000)}`, `0\r\n${"X: y\r\n".repeat(65)}\r\n`], "HEADERS_TOO_LARGE");
  });
});
