import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Refused } from "./refused.js";
import {
  formatDuration,
  formatRate,
  formatSize,
  MAX_DURATION_MS,
  parseDuration,
  parsePercent,
  parseRate,
  parseSize,
} from "./units.js";

const hintOf = (value: unknown): string | undefined => {
  assert.ok(value instanceof Refused, `${value} should have been refused`);
  return value.hint;
};

test("durations are numbers with a unit, and milliseconds without one", () => {
  const rows: [string | number, number][] = [
    ["300ms", 300],
    ["2s", 2000],
    ["1.5s", 1500],
    ["5 m", 300_000],
    ["1h", 3_600_000],
    ["1d", 86_400_000],
    ["250", 250],
    [250, 250],
    ["none", 0],
    [0, 0],
  ];
  for (const [input, ms] of rows) assert.equal(parseDuration(input), ms, String(input));
});

test("a duration that is negative, fractional, too long or of an unknown unit is refused", () => {
  for (const input of ["-1s", -1, "", "s", "1.5ms", 0.5, "25d", "1e3s", "2 s s", "Infinity"]) {
    assert.ok(parseDuration(input) instanceof Refused, String(input));
  }
  assert.equal(parseDuration(MAX_DURATION_MS), MAX_DURATION_MS);
  assert.ok(parseDuration(MAX_DURATION_MS + 1) instanceof Refused);
  assert.equal(hintOf(parseDuration("2S")), "write 2s");
  assert.equal(hintOf(parseDuration("2min")), "write 2ms or 2m");
});

test("sizes tell powers of 1024 from powers of 1000", () => {
  assert.equal(parseSize("64KiB"), 65_536);
  assert.equal(parseSize("64KB"), 64_000);
  assert.equal(parseSize("1MB"), 1_000_000);
  assert.equal(parseSize("1.5MiB"), 1_572_864);
  assert.equal(parseSize(512), 512);
  assert.equal(parseSize("unlimited"), Number.POSITIVE_INFINITY);
  assert.equal(hintOf(parseSize("64K")), "write 64KB or 64KiB");
  assert.ok(parseSize("0.5B") instanceof Refused);
});

test("rates are sizes per second, and none is 0", () => {
  assert.equal(parseRate("240B/s"), 240);
  assert.equal(parseRate("1KiB/s"), 1024);
  assert.equal(parseRate(240), 240);
  assert.equal(parseRate("none"), 0);
});

test("percentages go from 0 to 100, with or without the sign", () => {
  assert.equal(parsePercent("20%"), 20);
  assert.equal(parsePercent(20), 20);
  assert.equal(parsePercent("12.5%"), 12.5);
  assert.ok(parsePercent("101%") instanceof Refused);
  assert.ok(parsePercent("-1") instanceof Refused);
});

test("what is written is read back as the same number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), fc.maxSafeNat(), (ms, bytes) => {
      assert.equal(parseDuration(formatDuration(ms)), ms);
      assert.equal(parseSize(formatSize(bytes)), bytes);
      assert.equal(parseRate(formatRate(bytes)), bytes);
    }),
  );
  assert.equal(parseSize(formatSize(Number.POSITIVE_INFINITY)), Number.POSITIVE_INFINITY);
});

test("numbers are written in the largest unit that divides them", () => {
  assert.deepEqual([90_000, 3_600_000, 1500, 0].map(formatDuration), ["90s", "1h", "1500ms", "none"]);
  assert.deepEqual([65_536, 1000, 2 ** 30, 0].map(formatSize), ["64KiB", "1000B", "1GiB", "0B"]);
});
