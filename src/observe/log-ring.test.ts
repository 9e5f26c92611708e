import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createLogRing, LogRingReader, LogRingWriter } from "./log-ring.js";

const put = (writer: LogRingWriter, line: string): boolean => writer.write(Buffer.from(line), line.length);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

describe("log ring", () => {
  it("hands over lines in order and whole", () => {
    const ring = createLogRing(64);
    const writer = new LogRingWriter(ring);
    const reader = new LogRingReader(ring);
    assert.equal(text(reader.read()), "");
    assert.ok(put(writer, "one\n") && put(writer, "two\n"));
    assert.equal(text(reader.read()), "one\ntwo\n");
    assert.equal(text(reader.read()), "");
  });

  it("takes a line that fills it exactly and refuses one byte more", () => {
    const ring = createLogRing(8);
    const writer = new LogRingWriter(ring);
    assert.equal(put(writer, "12345678\n"), false);
    assert.equal(put(writer, "1234567\n"), true);
    assert.equal(put(writer, "\n"), false);
    assert.equal(text(new LogRingReader(ring).read()), "1234567\n");
    assert.equal(put(writer, "\n"), true);
  });

  it("refuses a line that was too long for its own buffer", () => {
    const ring = createLogRing(64);
    assert.equal(new LogRingWriter(ring).write(Buffer.from("cut"), 5), false);
    assert.equal(text(new LogRingReader(ring).read()), "");
  });

  it("lets a new writer go on where a dead one stopped", () => {
    const ring = createLogRing(64);
    put(new LogRingWriter(ring), "before\n");
    put(new LogRingWriter(ring), "after\n");
    assert.equal(text(new LogRingReader(ring).read()), "before\nafter\n");
  });

  it("keeps every accepted line through any order of writing and reading", () => {
    const step = fc.oneof(
      fc.constant(undefined),
      fc.nat({ max: 40 }).map((length) => `${"x".repeat(length)}\n`),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const ring = createLogRing(64);
        const writer = new LogRingWriter(ring);
        const reader = new LogRingReader(ring);
        let accepted = "";
        let inside = 0;
        let read = "";
        for (const line of steps) {
          if (line === undefined) {
            read += text(reader.read());
            inside = 0;
            continue;
          }
          const fits = line.length <= 64 - inside;
          assert.equal(put(writer, line), fits, "a line is refused only for want of room");
          if (fits) accepted += line;
          if (fits) inside += line.length;
        }
        assert.equal(read + text(reader.read()), accepted);
      }),
    );
  });

  it("goes on when its positions pass 2^31 and 2^32", () => {
    for (const start of [0x7fff_fff0 | 0, 0xffff_fff0 | 0]) {
      const ring = createLogRing(64);
      const cursors = new Int32Array(ring, 0, 32);
      cursors[0] = start;
      cursors[16] = start;
      const writer = new LogRingWriter(ring);
      const reader = new LogRingReader(ring);
      for (let i = 0; i < 10; i++) {
        const line = `line ${i} 0123456789\n`;
        assert.ok(put(writer, line));
        assert.equal(text(reader.read()), line);
      }
    }
  });

  it("has a capacity that is a power of two", () => {
    for (const capacity of [0, 3, 100, 2 ** 31]) assert.throws(() => createLogRing(capacity), RangeError);
  });
});
