import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LineBuffer } from "./line-buffer.js";

function written(write: (line: LineBuffer) => void): string {
  const line = new LineBuffer();
  write(line);
  return Buffer.from(line.bytes.subarray(0, line.length)).toString("latin1");
}

describe("line buffer", () => {
  for (const [value, text] of [
    [0, "0"],
    [9, "9"],
    [10, "10"],
    [1_234_567, "1234567"],
    [2 ** 31 - 1, "2147483647"],
    [2 ** 31, "2147483648"],
    [2 ** 53 - 1, "9007199254740991"],
  ] as const) {
    it(`writes the integer ${text}`, () =>
      assert.equal(
        written((line) => line.integer(value)),
        text,
      ));
  }

  it("writes decimals as JavaScript does, rounded to thousandths", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (value) => {
        assert.equal(
          written((line) => line.decimal(value)),
          String(Math.round(value * 1000) / 1000),
        );
      }),
    );
  });

  it("writes what JSON.parse reads back, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = written((line) => line.json(text));
        assert.match(json, /^[ -~]*$/);
        assert.equal(JSON.parse(`"${json}"`), text);
      }),
    );
  });

  for (const [text, quoted, bare] of [
    ["", "-", "-"],
    ["a b", "a b", "a\\x20b"],
    ['"\\', "\\x22\\x5c", "\\x22\\x5c"],
    ["\n\x00\x7f\x9b\xff", "\\x0a\\x00\\x7f\\x9b\\xff", "\\x0a\\x00\\x7f\\x9b\\xff"],
    ["\u202e", "\\u202e", "\\u202e"],
  ] as const) {
    it(`shows ${JSON.stringify(text)} in a template`, () => {
      assert.equal(
        written((line) => line.quoted(text)),
        quoted,
      );
      assert.equal(
        written((line) => line.bare(text)),
        bare,
      );
    });
  }
});
