/** Field lines: each rejected or normalised form as a row, with its kin. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Field, type FieldId } from "./head.js";
import { DEFAULT_HTTP_LIMITS } from "./limits.js";
import { accepts, chars, get, readRequest, rejects } from "./parsed.test.support.js";

const BAD = "BAD_REQUEST";

const CONTROLS = chars([0x00, 0x08], [0x0a, 0x1f], [0x7f, 0x7f]);

/** Every name with an id, as usually written. */
const NAMES: Readonly<Record<string, FieldId>> = {
  Host: Field.HOST,
  Connection: Field.CONNECTION,
  "Content-Length": Field.CONTENT_LENGTH,
  "Transfer-Encoding": Field.TRANSFER_ENCODING,
  Expect: Field.EXPECT,
  Upgrade: Field.UPGRADE,
  "Keep-Alive": Field.KEEP_ALIVE,
  "Proxy-Connection": Field.PROXY_CONNECTION,
  "Proxy-Authorization": Field.PROXY_AUTHORIZATION,
  TE: Field.TE,
  Trailer: Field.TRAILER,
  Via: Field.VIA,
  Forwarded: Field.FORWARDED,
  "X-Forwarded-For": Field.X_FORWARDED_FOR,
  "X-Forwarded-Proto": Field.X_FORWARDED_PROTO,
  "X-Forwarded-Host": Field.X_FORWARDED_HOST,
  "X-Request-Id": Field.X_REQUEST_ID,
  "Max-Forwards": Field.MAX_FORWARDS,
  Accept: Field.ACCEPT,
  "X-Plimsoll-Explain": Field.X_PLIMSOLL_EXPLAIN,
};
/** A value that no rule refuses. */
const VALUES: Readonly<Record<string, string>> = {
  Host: "a",
  "Content-Length": "1",
  "Transfer-Encoding": "chunked",
  Expect: "100-continue",
};

/** The id that the only field line of a request gets; the name may be written in any way. */
function idOf(name: string, usual: string): number {
  const field = `${name}: ${VALUES[usual] ?? "x"}\r\n`;
  const host = usual === "Host" ? "" : "Host: a\r\n";
  const seen = readRequest(`GET / HTTP/1.1\r\n${field}${host}\r\n`);
  return seen.result === "ok" ? seen.fields[0].id : -1;
}

describe("a field line", () => {
  it("F05 has no blank around its name", () => {
    rejects(BAD, [get("Content-Length : 5"), get("Content-Length\t: 5"), get("X : y"), get("X y: z"), get("X\t: y")]);
    rejects(BAD, [get("Content-Length\x0b: 5"), get("Content-Length\xa0: 5"), get("Content-Length\0: 5")]);
    rejects(BAD, ["GET / HTTP/1.1\r\nHost : a\r\n\r\n"]);
  });

  it("F07 F08 never starts with a blank, neither the first nor one that would continue another", () => {
    rejects(BAD, [
      "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
      "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n",
    ]);
    for (const name of ["Host", "X", "Content-Length", "Transfer-Encoding", "Connection"]) {
      rejects(
        BAD,
        ["\r\n b", "\r\n\tb", "\r\n ", "\r\n\t\r\n b"].map(
          (fold) => `GET / HTTP/1.1\r\n${name}: a${fold}\r\nHost: a\r\n\r\n`,
        ),
      );
    }
    rejects(BAD, ["GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n"]);
  });

  it("F10 F11 has a name and a colon", () => {
    rejects(
      BAD,
      ["X", "Content-Length", ":", ": x", ":x", " : x", "::", "\r", "X\r\nY: z"].map((text) => get(text)),
    );
    rejects(BAD, [
      "GET / HTTP/1.1\r\n:\r\n\r\n",
      "GET / HTTP/1.1\r\nHost\r\n\r\n",
      "GET / HTTP/1.1\r\nHo\r\nst: a\r\n\r\n",
    ]);
  });

  it("has a name of token characters", () => {
    rejects(
      BAD,
      [...'"(),/;<=>?@[\\]{}', ...chars([0x00, 0x20], [0x7f, 0xff])]
        .flatMap((char) => [get(`X${char}Y: z`), get(`X${char}: z`), get(`${char}X: z`)])
        .filter((text) => !text.includes("\n\r:")),
    );
    accepts([get("!#$%&'*+-.^_`|~09azAZ: x")]);
  });

  it("F13 F14 F17 has no control character in its value", () => {
    rejects(
      BAD,
      CONTROLS.flatMap((char) => [get(`X: a${char}b`), get(`X: ${char}`), get(`X: a${char}`), get(`X:${char}a`)]),
    );
    rejects(BAD, [get("X: a\r"), get("X: a\r\rb"), get("X: a\rY: b"), get("X: a\nY: b"), get("X: \0")]);
  });

  it("F13 F17 has none far inside a long value either, wherever it stands", () => {
    for (const char of [...CONTROLS, "\t", " ", "\x80", "\xff", "~"]) {
      for (let at = 0; at < 12; at++) {
        for (const filler of ["y", "\xff", "~", " "]) {
          const value = `z${filler.repeat(at)}${char}${filler.repeat(11 - at)}z`;
          const expected = CONTROLS.includes(char) ? BAD : "ok";
          const { result, fields } = readRequest(get(`X: ${value}`));
          assert.equal(result, expected, JSON.stringify(value));
          if (result === "ok") assert.equal(fields[1].value, value);
        }
      }
    }
  });

  it("F16 and the section end with CRLF", () => {
    const lines = "GET / HTTP/1.1\r\nHost: a";
    rejects(
      BAD,
      [
        "\n\n",
        "\r\n\n",
        "\n\r\n",
        "\r\n\rX",
        "\r\n\rX: y\r\n\r\n",
        "\r\n\r\r\n",
        "\r\r\n\r\n",
        "\r\n\r\r\n\r\n",
        "\r\n\0\r\n",
      ].map((end) => lines + end),
    );
    // Only the byte behind the CR is wrong; what follows would go on.
    rejects(
      BAD,
      ["\rXX: y\r\n\r\n", "\r\0X: y\r\n\r\n", "\r\rX: y\r\n\r\n", "\r\n\rX", "X\nX: y\r\n\r\n"].map(
        (end) => lines + end,
      ),
    );
    assert.equal(readRequest(`${lines}\r\n\r`).result, "incomplete");
    assert.equal(readRequest(`${lines}\r\n`).result, "incomplete");
  });

  it("F18 keeps the bytes of its value, above ASCII too, without the blanks around it", () => {
    const all = chars([0x21, 0x7e], [0x80, 0xff]).join("");
    for (const [text, value] of [
      [`X: ${all}`, all],
      [`X:${all}`, all],
      ["X:", ""],
      ["X: ", ""],
      ["X: \t \t", ""],
      ["X: \t a\t b \t", "a\t b"],
      ["X: a:b: c", "a:b: c"],
      ["X: \xa0", "\xa0"],
    ]) {
      assert.equal(readRequest(get(text)).fields[1]?.value, value, text);
    }
  });

  it("keeps lines apart, in order, with their names as written", () => {
    const seen = readRequest(
      get("Set-Cookie: a", "set-cookie: b", "X: 1", "Set-Cookie: c", "__proto__: d", "constructor: e"),
    );
    assert.deepEqual(
      seen.fields.map(({ name, value }) => `${name}=${value}`),
      ["Host=a", "Set-Cookie=a", "set-cookie=b", "X=1", "Set-Cookie=c", "__proto__=d", "constructor=e"],
    );
  });

  it("is known by its name in any case, and by no other name", () => {
    for (const [name, id] of Object.entries(NAMES)) {
      for (const written of [name, name.toUpperCase(), name.toLowerCase()])
        assert.equal(idOf(written, name), id, written);
      const last = name.length - 1;
      const others = [
        `${name}x`,
        `x${name}`,
        name.slice(0, last),
        `${name.slice(0, last)}~`,
        `${name}-`,
        name.replace("-", ""),
        name.replace("-", "--"),
      ];
      // Bytes that a careless comparison without case takes for a letter or a hyphen.
      const near = [...name].map(
        (char, at) => name.slice(0, at) + String.fromCharCode(char.charCodeAt(0) ^ 0x40) + name.slice(at + 1),
      );
      for (const written of [...others, ...near]) {
        if (written === "" || written in NAMES) continue;
        const found = idOf(written, "");
        assert.ok(found === Field.OTHER || found === -1, `${written} is taken for ${found}`);
      }
    }
    assert.equal(idOf("x".repeat(31), ""), Field.OTHER);
    assert.equal(idOf("x".repeat(32), ""), Field.OTHER);
    assert.equal(idOf(`Host${"x".repeat(28)}`, ""), Field.OTHER, "a length of 32 is none of 0");
    assert.equal(idOf(`${"x".repeat(252)}Host`, ""), Field.OTHER, "a length of 256 is none of 0");
  });

  it("F20 is dropped if a reader who takes _ for - would take it for another", () => {
    for (const name of Object.keys(NAMES).filter((text) => text.includes("-"))) {
      for (const written of [
        name.replaceAll("-", "_"),
        name.replace("-", "_"),
        name.replaceAll("-", "_").toUpperCase(),
      ]) {
        assert.equal(idOf(written, ""), Field.DROPPED, written);
      }
    }
    for (const name of [
      "X_Real_IP",
      "X-Real_IP",
      "x_forwarded_port",
      "X_Forwarded-Prefix",
      "True_Client_IP",
      "X_ORIGINAL_URL",
    ]) {
      assert.equal(idOf(name, ""), Field.DROPPED, name);
    }
    for (const name of ["X_Custom", "_", "Host_", "_Host", "X_Forwarded", "Content_Type", "X__Forwarded_For"]) {
      assert.equal(idOf(name, ""), Field.OTHER, name);
    }
    const seen = readRequest(get("Content_Length: 5", "Transfer_Encoding: chunked", "Content_Length: 6"));
    assert.deepEqual([seen.result, seen.body], ["ok", 0], "an alias frames nothing");
  });
});

describe("the limits of a field section", () => {
  const fields = (count: number): string => get(...Array.from({ length: count - 1 }, (_, i) => `X-${i}: y`));

  it("F21 F24 refuse one line more than allowed, whatever it is", () => {
    assert.equal(readRequest(fields(99)).result, "ok");
    assert.equal(readRequest(fields(100)).result, "ok");
    rejects("HEADERS_TOO_LARGE", [fields(101), fields(3000)]);
    const late = fields(100).replace(/\r\n$/, "Content-Length: 5\r\n\r\n");
    rejects("HEADERS_TOO_LARGE", [late, late.replace("Content-Length: 5", "Transfer-Encoding: chunked")]);
    const few = { ...DEFAULT_HTTP_LIMITS, maxHeaderCount: 2 };
    assert.equal(readRequest(fields(2), few).result, "ok");
    assert.equal(readRequest(fields(3), few).result, "HEADERS_TOO_LARGE");
  });

  it("F22 refuse a line of one byte more than allowed, before its end is there", () => {
    const limits = { ...DEFAULT_HTTP_LIMITS, maxLineBytes: 40 };
    const field = (length: number, name = "X", blanks = ""): string =>
      `${name}:${blanks}${"y".repeat(length - name.length - blanks.length - 3)}`;
    for (const [length, result] of [
      [39, "ok"],
      [40, "ok"],
      [41, "HEADERS_TOO_LARGE"],
      [42, "HEADERS_TOO_LARGE"],
      [5000, "HEADERS_TOO_LARGE"],
    ] as const) {
      assert.equal(readRequest(get(field(length)), limits).result, result, `a value, ${length}`);
      assert.equal(readRequest(get(field(length, "n".repeat(length - 3))), limits).result, result, `a name, ${length}`);
      assert.equal(
        readRequest(get(field(length, "X", " ".repeat(length - 4))), limits).result,
        result,
        `blanks, ${length}`,
      );
    }
    const open = "GET / HTTP/1.1\r\nHost: a\r\n";
    assert.equal(readRequest(`${open}X:${"y".repeat(37)}`, limits).result, "incomplete");
    assert.equal(readRequest(`${open}X:${"y".repeat(38)}`, limits).result, "HEADERS_TOO_LARGE");
    assert.equal(readRequest(`${open}${"n".repeat(40)}`, limits).result, "HEADERS_TOO_LARGE");
    assert.equal(readRequest(`${open}X:${"y".repeat(36)}\r`, limits).result, "incomplete");
    assert.equal(readRequest(`${open}X:${"y".repeat(37)}\r`, limits).result, "HEADERS_TOO_LARGE");
  });

  it("F22 refuse a section of one byte more than allowed, before its end is there", () => {
    const text = fields(20);
    const at = (maxHeaderBytes: number, bytes = text): string =>
      readRequest(bytes, { ...DEFAULT_HTTP_LIMITS, maxHeaderBytes }).result;
    assert.equal(at(text.length + 1), "ok");
    assert.equal(at(text.length), "ok");
    for (const less of [1, 2, 3, 4, 5, 20])
      assert.equal(at(text.length - less), "HEADERS_TOO_LARGE", `${less} bytes less`);
    assert.equal(at(10), "URI_TOO_LONG");
    assert.equal(at(text.length - 1, text.slice(0, -2)), "incomplete");
    assert.equal(at(text.length - 2, text.slice(0, -2)), "HEADERS_TOO_LARGE");
    assert.equal(at(text.length + 1, `\r\n${text}`), "HEADERS_TOO_LARGE", "empty lines before count");
    rejects("HEADERS_TOO_LARGE", [
      get(...Array(90).fill(`X: ${"y".repeat(1000)}`)),
      get(`X: ${"y".repeat(1_000_000)}`),
    ]);
  });

  it("leave room in one buffer for the largest head by default", () => {
    assert.ok(DEFAULT_HTTP_LIMITS.maxHeaderBytes <= 16_384 - 512);
    const filler = "y".repeat(7000);
    assert.equal(readRequest(get(`X: ${filler}`, `Y: ${filler}`)).result, "ok");
  });
});
