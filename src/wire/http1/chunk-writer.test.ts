import assert from "node:assert/strict";
import { it } from "node:test";
import {
  MAX_CHUNK_HEADER,
  writeChunkHeader,
  writeCrlf,
  writeLastChunk,
  writeLastChunkWithTrailers,
} from "./chunk-writer.js";
import { bytesOfText, textOfBytes } from "./parsed.test.support.js";

function written(write: (bytes: Uint8Array, at: number) => number): string {
  const bytes = new Uint8Array(64).fill(0x2e);
  const end = write(bytes, 3);
  assert.equal(textOfBytes(bytes, 0, 3), "...", "nothing is written before the offset");
  assert.equal(bytes[end], 0x2e, "nothing is written behind the end");
  return textOfBytes(bytes, 3, end);
}

it("a chunk header is the size in hexadecimal, without leading zeros, and fits the room it names", () => {
  const bounds = Array.from({ length: 31 }, (_, bits) => [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]).flat();
  for (const size of [...bounds, 9, 10, 255, 0x12345678, 2 ** 31 - 1]) {
    if (size < 1) continue;
    const text = written((bytes, at) => writeChunkHeader(bytes, at, size));
    assert.equal(text, `${size.toString(16)}\r\n`);
    assert.ok(text.length <= MAX_CHUNK_HEADER);
  }
});

it("the last chunk ends with an empty line, with and without trailers", () => {
  assert.equal(written(writeLastChunk), "0\r\n\r\n");
  assert.equal(written(writeCrlf), "\r\n");
  const trailers = bytesOfText("A: b\r\nC: d\r\nrest");
  assert.equal(
    written((bytes, at) => writeLastChunkWithTrailers(bytes, at, trailers, 12)),
    "0\r\nA: b\r\nC: d\r\n\r\n",
  );
  assert.equal(
    written((bytes, at) => writeLastChunkWithTrailers(bytes, at, trailers, 0)),
    "0\r\n\r\n",
  );
});
