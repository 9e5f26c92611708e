/** Chunked bodies: each accepted, cleaned or refused form as a row, with its kin, decoded at every split. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ChunkedDecoder, MAX_RANGES } from "./chunked-decoder.js";
import { decode, decodeIn, rejectsBodies as rejects } from "./decoded.test.support.js";
import { DEFAULT_HTTP_LIMITS } from "./limits.js";
import { bytesOfText, chars } from "./parsed.test.support.js";

describe("a chunked body", () => {
  it("is its chunks' data, and canonical framing is forwarded as it came", () => {
    for (const [text, body] of [
      ["0\r\n\r\n", ""],
      ["5\r\nhello\r\n0\r\n\r\n", "hello"],
      ["1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"],
      ["a\r\n0123456789\r\n0\r\n\r\n", "0123456789"],
      ["A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n"],
      [`1f4\r\n${"x".repeat(500)}\r\n0\r\n\r\n`, "x".repeat(500)],
      ["7\r\n0\r\n\r\n5;\r\n0\r\n\r\n", "0\r\n\r\n5;"],
      ["10\r\n0123456789abcdef\r\n0\r\n\r\n", "0123456789abcdef"],
    ]) {
      assert.deepEqual(decode(text), { result: "done", body, forwarded: text, consumed: text.length }, text);
    }
  });

  it("C14 ends where it ends: what follows is not touched", () => {
    for (const behind of ["GET / HTTP/1.1\r\n", "\r\n", "garbage", "0\r\n\r\n"]) {
      assert.equal(decode(`1\r\na\r\n0\r\n\r\n${behind}`).consumed, 11);
      assert.equal(decode(`1\r\na\r\n0\r\nX: y\r\n\r\n${behind}`).consumed, 17);
      assert.equal(decode(`1\r\na\r\n0;x\r\n\r\n${behind}`).consumed, 13);
    }
  });

  it("is incomplete until its last byte", () => {
    for (const text of ["5\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n00\r\nX: y\r\nHost: a\r\n\r\n"]) {
      for (let length = 1; length < text.length; length++)
        assert.equal(decode(text.slice(0, length)).result, "incomplete");
    }
  });

  it("C01 C03 has sizes of hexadecimal digits only", () => {
    rejects(
      [
        "0x5",
        "+5",
        "-5",
        "5_",
        "_5",
        " 5",
        "5 ",
        "\t5",
        "5\t",
        "5 ;a",
        "",
        "g",
        "5g",
        "5.",
        "5,",
        "#5",
        "５",
        "5h",
        "\x0b5",
        "5\x0b",
      ].map((size) => `${size}\r\nhello\r\n0\r\n\r\n`),
    );
    rejects(
      chars([0x00, 0x0c], [0x0e, 0x2f], [0x3a, 0x40], [0x47, 0x60], [0x67, 0xff]).flatMap((char) => [
        `${char}\r\nhello\r\n`,
        `5${char === ";" ? "" : char}x\r\nhello\r\n`,
      ]),
    );
    rejects([
      ";a\r\n\r\n",
      "5\r\nhello\r\n;a\r\n\r\n",
      "\r\n",
      "\r\nhello\r\n",
      ";a=b\r\nhello\r\n",
      "\n",
      "5\r\nhello\r\n\r\n0\r\n\r\n",
    ]);
  });

  it("C02 C03 has sizes below 2^53, of at most 16 digits", () => {
    rejects(
      [
        "20000000000000",
        "3fffffffffffffff",
        "ffffffffffffffff",
        "10000000000000005",
        "100000005".padStart(17, "0"),
        "8000000000000000",
        "fffffffffffffffff",
      ].map((size) => `${size}\r\nhello\r\n`),
    );
    rejects([
      `${"0".repeat(10_000)}5\r\nhello\r\n`,
      `${"0".repeat(16)}5\r\nhello\r\n`,
      `${"0".repeat(17)}\r\n\r\n`,
      "0".repeat(17),
    ]);
    for (const size of ["1fffffffffffff", "100000005", "80000000", "ffffffff", "001fffffffffffff"]) {
      const seen = decode(`${size}\r\nhello`);
      assert.deepEqual(
        [seen.result, seen.body, seen.forwarded],
        ["incomplete", "hello", `${size.replace(/^0+/, "")}\r\nhello`],
        size,
      );
    }
  });

  it("has its leading zeros removed", () => {
    const seen = decode(`${"0".repeat(15)}5\r\nhello\r\n01\r\n!\r\n0000\r\n\r\n`);
    assert.deepEqual([seen.body, seen.forwarded], ["hello!", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"]);
  });

  it("C05 C08 C12 ends each line and each chunk's data with CRLF", () => {
    rejects([
      "5\nhello\r\n0\r\n\r\n",
      "5\r\nhello\n0\r\n\r\n",
      "5\r\nhello0\r\n\r\n",
      "5\r\nhello\r0\r\n\r\n",
      "5\rhello\r\n",
      "5\r\rhello\r\n",
      "5\r\nhello\r\r\n",
    ]);
    rejects([
      "5\r\nhello!\r\n0\r\n\r\n",
      "4\r\nhello\r\n0\r\n\r\n",
      "5\r\nhello\r\n\r\n0\r\n\r\n",
      "6\r\nhello\r\n0\r\n\r\n",
      "\r\n0\r\n\r\n",
    ]);
    rejects([
      "0\n\n",
      "0\n\r\n",
      "0\r\n\n",
      "0\r\n\rX",
      "0\r\r\n\r\n",
      "0 \r\n\r\n",
      "0\r\n\r\r\n",
      "00\n",
      "0\rX",
      "0 ",
      "0x0\r\n\r\n",
      "0g",
    ]);
    assert.equal(decode("f\r\nhello\r\n0\r\n\r\n").result, "incomplete", "a size longer than the data waits for more");
  });

  it("returns early when there are more pieces than it can name", () => {
    const text = `${"1\r\na\r\n".repeat(MAX_RANGES * 3)}0\r\n\r\n`;
    const decoder = new ChunkedDecoder();
    decoder.reset(DEFAULT_HTTP_LIMITS);
    const taken = decoder.decode(bytesOfText(text), 0, text.length);
    assert.deepEqual([decoder.rangeCount, decoder.done, taken], [MAX_RANGES, false, 6 * MAX_RANGES + 3]);
    assert.deepEqual(decodeIn(text, []), {
      result: "done",
      body: "a".repeat(MAX_RANGES * 3),
      forwarded: text,
      consumed: text.length,
    });
  });

  it("may follow another, whatever state that was left in", () => {
    const decoder = new ChunkedDecoder();
    for (const left of ["5\r\nhe", '5;a="', "00", "0\r\nHost: a\r\n", "0\r\nA: b\r\n\r\n", "zz", "0\r\n\r\n"]) {
      decoder.reset(DEFAULT_HTTP_LIMITS);
      for (let pos = 0; pos < left.length && !decoder.failed; )
        pos += decoder.decode(bytesOfText(left), pos, left.length);
      decoder.reset(DEFAULT_HTTP_LIMITS);
      assert.deepEqual([decoder.done, decoder.failed, decoder.bodyBytes, decoder.trailerLength], [false, false, 0, 0]);
      assert.equal(decoder.decode(bytesOfText("1\r\na\r\n0\r\n\r\n"), 0, 11), 11);
      assert.deepEqual([decoder.done, decoder.verbatim, decoder.bodyBytes], [true, true, 1], left);
    }
  });
});

it("a decoder counts anew for each body", () => {
  const decoder = new ChunkedDecoder();
  const text = `1;${"a".repeat(3000)}\r\na\r\n0\r\nX: ${"y".repeat(5000)}\r\n\r\n`;
  for (let body = 0; body < 3; body++) {
    decoder.reset(DEFAULT_HTTP_LIMITS);
    for (let pos = 0; pos < text.length; ) {
      const taken = decoder.decode(bytesOfText(text), pos, text.length);
      assert.equal(decoder.fault, undefined, decoder.reason);
      pos += taken;
    }
    assert.deepEqual([decoder.done, decoder.bodyBytes, decoder.trailerLength], [true, 1, 5005]);
  }
});

describe("chunk extensions", () => {
  const around = (extension: string): string => `5${extension}\r\nhello\r\n0\r\n\r\n`;

  it("C07 are read by their grammar, and dropped", () => {
    const rows = [
      ";a",
      ";a=b",
      ";a;b",
      ";a=b;c=d",
      ';a="b"',
      ';a=""',
      ';a="\\""',
      ';a="b;c\\\\"',
      ';a="\t \xe4"',
      ';a="5\\;"',
      ";!#$=%&",
    ];
    const blanks = ["; a", ";\ta=b", ";a = b", ';a =\t"b"', ";a ;b", ";a=b ; c", ';a="b" ;c'];
    for (const extension of [...rows, ...blanks]) {
      const seen = decode(around(extension));
      assert.deepEqual([seen.result, seen.body, seen.forwarded], ["done", "hello", around("")], extension);
    }
    const last = decode("5\r\nhello\r\n0;a=b;c\r\n\r\n");
    assert.deepEqual([last.result, last.forwarded], ["done", around("")]);
    assert.equal(decode("05;a\r\nhello\r\n00;b\r\nX: y\r\n\r\n").forwarded, "5\r\nhello\r\n0\r\nX: y\r\n\r\n");
  });

  it("are refused otherwise", () => {
    const rows = [
      ";",
      ";;",
      ";=b",
      ";a=",
      ";a=;b",
      ";a==b",
      ";a=b=c",
      ";a b",
      ";a=b c",
      ';a="b',
      ';a="b"c',
      ';a=b"c"',
      ';a"b"',
      ';a="b\\',
    ];
    rejects(
      [
        ...rows,
        "; ",
        ";a ",
        ";a=b ",
        ';a="b" ',
        ";\xe4",
        ";a=\xe4",
        ';a="\\\x01"',
        ";a=b,c",
        ";a/b",
        " ;a",
        ";a= ",
      ].map(around),
    );
    rejects(
      chars([0x00, 0x08], [0x0a, 0x1f], [0x7f, 0x7f]).flatMap((char) =>
        [`;${char}a`, `;a${char}`, `;a=${char}b`, `;a=b${char}`, `;a="${char}"`, `;a="\\${char}"`, `;a="b"${char}`].map(
          (text) => `5${text}\r\r\nhello\r\n`,
        ),
      ),
    );
    rejects([
      "5;a\nhello\r\n",
      '5;a="\r\n"\r\nhello\r\n',
      '5;a="\n"\r\nhello\r\n',
      "0;\r\n\r\n",
      "0;a\n\r\n",
      '0;a="\r\n\r\n',
    ]);
  });

  it("C06 are bounded over the whole body", () => {
    const limits = { ...DEFAULT_HTTP_LIMITS, maxChunkExtensionBytes: 10 };
    const result = (text: string): string => decode(text, limits).result;
    assert.equal(result("1;abcdefghi\r\na\r\n0\r\n\r\n"), "done");
    assert.equal(result("1;abcdefghij\r\na\r\n0\r\n\r\n"), "BAD_REQUEST");
    assert.equal(result("1;abcd\r\na\r\n1;efgh\r\nb\r\n0\r\n\r\n"), "done");
    assert.equal(result("1;abcd\r\na\r\n1;efghi\r\nb\r\n0\r\n\r\n"), "BAD_REQUEST");
    assert.equal(result("1;abcd\r\na\r\n0;efghi\r\n\r\n"), "BAD_REQUEST");
    rejects([
      `1;${"a".repeat(4096)}`,
      `1;a="${"a".repeat(100_000)}`,
      `1;${" ".repeat(5000)}`,
      "1;a\r\na\r\n".repeat(3000),
    ]);
  });
});
