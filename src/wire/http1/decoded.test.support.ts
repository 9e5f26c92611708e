/** For the tests of this folder: decodes a chunked body at once and in pieces, and forwards it as a proxy would. */
import assert from "node:assert/strict";
import { writeLastChunkWithTrailers } from "./chunk-writer.js";
import { ChunkedDecoder } from "./chunked-decoder.js";
import { DEFAULT_HTTP_LIMITS } from "./limits.js";
import { bytesOfText, textOfBytes } from "./parsed.test.support.js";

export interface Decoded {
  /** "done", "incomplete" or a code. */
  readonly result: string;
  readonly body: string;
  /** What a proxy that forwards chunks would send. */
  readonly forwarded: string;
  readonly consumed: number;
}

/** Decodes the pieces of `text` that end at `cuts` and at its end, each at another place in memory. */
export function decodeIn(text: string, cuts: readonly number[], limits = DEFAULT_HTTP_LIMITS): Decoded {
  const decoder = new ChunkedDecoder();
  decoder.reset(limits);
  let body = "";
  let forwarded = "";
  let consumed = 0;
  for (const cut of [...cuts, text.length]) {
    const bytes = bytesOfText(`5\r\n${text.slice(consumed, cut)}\r\n\r\n0\r\n\r\n`);
    let pos = 3;
    const end = 3 + cut - consumed;
    while (pos < end && !decoder.done) {
      const taken = decoder.decode(bytes, pos, end);
      if (decoder.failed) {
        assert.equal(taken, 0);
        assert.notEqual(decoder.reason, "", "a fault says why");
        return { result: decoder.fault ?? "", body: "", forwarded: "", consumed: 0 };
      }
      assert.ok(taken > 0 && pos + taken <= end, "every call consumes something, and nothing beyond the end");
      for (let i = 0; i < decoder.rangeCount; i++) {
        assert.ok(decoder.verbatim, "data is only found among bytes that may be forwarded");
        body += textOfBytes(bytes, decoder.ranges[2 * i], decoder.ranges[2 * i + 1]);
      }
      if (decoder.verbatim) forwarded += textOfBytes(bytes, pos, pos + taken);
      else if (decoder.done) forwarded += lastChunk(decoder);
      pos += taken;
      consumed += taken;
    }
    assert.equal(decoder.bodyBytes, body.length);
  }
  return { result: decoder.done ? "done" : "incomplete", body, forwarded, consumed };
}

function lastChunk(decoder: ChunkedDecoder): string {
  const bytes = new Uint8Array(decoder.trailerLength + 5);
  const end = writeLastChunkWithTrailers(bytes, 0, decoder.trailers, decoder.trailerLength);
  assert.equal(end, bytes.length);
  return textOfBytes(bytes, 0, end);
}

/** Decodes at once, at every split in two, and byte by byte, which must all give the same. */
export function decode(text: string, limits = DEFAULT_HTTP_LIMITS): Decoded {
  const whole = decodeIn(text, [], limits);
  const step = Math.max(1, Math.floor(text.length / 200));
  for (let cut = 1; cut < text.length; cut += step) {
    assert.deepEqual(decodeIn(text, [cut], limits), whole, `cut at ${cut}: ${JSON.stringify(text.slice(0, 100))}`);
  }
  if (text.length < 5000) {
    const all = Array.from({ length: text.length }, (_, i) => i);
    assert.deepEqual(decodeIn(text, all, limits), whole, `byte by byte: ${JSON.stringify(text.slice(0, 100))}`);
  }
  return whole;
}

export function rejectsBodies(rows: readonly string[], code = "BAD_REQUEST"): void {
  for (const row of rows) assert.equal(decode(row).result, code, JSON.stringify(row.slice(0, 100)));
}
