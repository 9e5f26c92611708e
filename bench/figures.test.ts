import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCpuMicros } from "./cpu.js";
import { median, medianRatio, medianSample } from "./figures.js";
import { formatTable } from "./table.js";

test("median takes the middle value, and the mean of the middle two", () => {
  assert.equal(median([3, 100, 1]), 3);
  assert.equal(median([4, 1, 2, 100]), 3);
  assert.ok(Number.isNaN(median([])));
});

test("medianSample sums errors, so that one bad round is not outvoted", () => {
  const samples = [
    { cpuMicros: 1, errors: 0 },
    { cpuMicros: 9, errors: 2 },
    { cpuMicros: 2, errors: 0 },
  ];
  assert.deepEqual(medianSample(samples), { cpuMicros: 2, errors: 2 });
});

test("medianRatio compares round with round, so that a slow minute of the machine cancels out", () => {
  const ours = [{ cpuMicros: 10 }, { cpuMicros: 30 }, { cpuMicros: 10 }];
  const theirs = [{ cpuMicros: 20 }, { cpuMicros: 60 }, { cpuMicros: 10 }];
  assert.equal(medianRatio("cpuMicros", ours, theirs), 0.5);
  assert.equal(medianRatio("cpuMicros", ours, []), undefined);
  assert.equal(medianRatio("p99Micros", ours, theirs), undefined);
});

test("parseCpuMicros adds user and system time behind a command name with blanks and parentheses", () => {
  const stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 7 9 20 0 11 0 100 1 1";
  assert.equal(parseCpuMicros(stat), 3_000_000);
});

test("formatTable shows ratios to the references of the same run, and failures below", () => {
  const text = formatTable("cpuMicros", [
    { name: "haproxy", rounds: [{ cpuMicros: 20, errors: 0 }], failure: undefined },
    { name: "ours", rounds: [{ cpuMicros: 15, errors: 0 }], failure: undefined },
    { name: "broken", rounds: [], failure: "exited with 1" },
  ]);
  const lines = text.split("\n");
  assert.match(lines[0], /^proxy +CPU µs\/request +errors +x haproxy +x nginx$/);
  assert.match(lines[2], /^ours +15\.00 +0 +0\.75 +-$/);
  assert.equal(lines.at(-1), "broken: exited with 1");
});
