import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HISTOGRAM_BUCKETS, HISTOGRAM_SIZE, histogramBound, histogramRecord } from "../base/histogram.js";
import { COARSE_BOUNDS, FINE_BOUNDS, header, histogramSamples, labels, sample } from "./exposition.js";

describe("exposition", () => {
  it("escapes what may stand in a label and in a help text", () => {
    assert.equal(labels({ a: 'say "hi"', b: "c:\\d", e: "one\ntwo" }), 'a="say \\"hi\\"",b="c:\\\\d",e="one\\ntwo"');
    assert.equal(header("x", "gauge", "one\\\ntwo"), "# HELP x one\\\\\\ntwo\n# TYPE x gauge\n");
  });

  it("writes one sample a line", () => {
    assert.equal(sample("x", "", 1.5), "x 1.5\n");
    assert.equal(sample("x", 'a="b"', Infinity), 'x{a="b"} +Inf\n');
  });

  it("exports only bounds that are bounds of internal buckets", () => {
    const internal = new Set(Array.from({ length: HISTOGRAM_BUCKETS }, (_, i) => histogramBound(i)));
    for (const bound of [...FINE_BOUNDS, ...COARSE_BOUNDS]) assert.ok(internal.has(bound), `${bound} ms`);
    assert.equal(FINE_BOUNDS.length, 21);
    assert.equal(COARSE_BOUNDS.length, 10);
  });

  it("counts each value in every bucket above it, and all in +Inf and the count", () => {
    const milliseconds = fc.array(fc.double({ min: 0, max: 200_000, noNaN: true }), { maxLength: 50 });
    fc.assert(
      fc.property(milliseconds, fc.constantFrom(FINE_BOUNDS, COARSE_BOUNDS), (values, bounds) => {
        const histogram = new Float64Array(HISTOGRAM_SIZE);
        for (const value of values) histogramRecord(histogram, 0, value);
        const text = [...histogramSamples("x_seconds", 'a="b"', histogram, bounds)];
        const expected = [...bounds, Infinity].map((bound) => {
          const le = bound === Infinity ? "+Inf" : bound / 1000;
          return `x_seconds_bucket{a="b",le="${le}"} ${values.filter((value) => value < bound).length}\n`;
        });
        assert.deepEqual(text.slice(0, -2), expected);
        const sum = values.reduce((total, value) => total + value, 0);
        assert.equal(text.at(-2), `x_seconds_sum{a="b"} ${sum / 1000}\n`);
        assert.equal(text.at(-1), `x_seconds_count{a="b"} ${values.length}\n`);
      }),
    );
  });
});
