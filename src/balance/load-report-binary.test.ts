/** The binary form: what it says, what is refused, and that nothing makes the decoder read beyond its input or throw. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseBinaryLoadReport, parseLoadReport } from "./load-report.js";
import { readBinaryReport } from "./load-report-binary.js";

const base64 = (bytes: readonly number[]): string => Buffer.from(bytes).toString("base64");
const parse = (bytes: readonly number[]) => parseBinaryLoadReport(base64(bytes));

function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
}

function double(field: number, value: number): number[] {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return [field * 8 + 1, ...bytes];
}

const rps = (value: bigint): number[] => [3 * 8, ...varint(value)];
const bytesOf = (field: number, content: readonly number[]): number[] => [
  ...varint(BigInt(field * 8 + 2)),
  ...varint(BigInt(content.length)),
  ...content,
];
/** An entry of a map from string to double. */
const entry = (field: number, key: string, value: number): number[] =>
  bytesOf(field, [...bytesOf(1, [...Buffer.from(key)]), ...double(2, value)]);

describe("a binary load report", () => {
  test("is read as another implementation wrote it", () => {
    // By Google's protobuf for Python: cpu_utilization 0.3, mem_utilization 0.8, named_metrics {queue: 3}, rps_fractional 12.5, eps 1.
    const text = "CTMzMzMzM9M/EZqZmZmZmek/MQAAAAAAAClAOQAAAAAAAPA/QhAKBXF1ZXVlEQAAAAAAAAhA";
    const expected = { utilization: 0.3, rps: 12.5, eps: 1 };
    assert.deepEqual(parseBinaryLoadReport(text), expected);
    assert.deepEqual(parseLoadReport(`bin ${text}`), expected);
    assert.deepEqual(parseLoadReport(` BIN\t${text} `), expected);
    // The same: application_utilization 0.75, rps 234567, request_cost {db: -2}, utilization {gpu: 0.5}.
    const other = "GMeoDiINCgJkYhEAAAAAAAAAwCoOCgNncHURAAAAAAAA4D9JAAAAAAAA6D8=";
    assert.deepEqual(parseBinaryLoadReport(other), { utilization: 0.75, rps: 234_567, eps: 0 });
  });

  test("may leave out its padding, but not half of it", () => {
    const whole = base64([...double(1, 0.5), 0xf8, 0x01, 0]);
    const padded = base64(double(1, 0.5).concat([0x68, 0]));
    const twice = base64(double(1, 0.5).concat([0x68, 0, 0x68, 0]));
    for (const text of [whole, padded, padded.replace("=", ""), twice, twice.replace("==", "")]) {
      assert.deepEqual(parseBinaryLoadReport(text), { utilization: 0.5, rps: 0, eps: 0 }, text);
    }
    const half = twice.slice(0, -1);
    for (const text of [half, `${twice}=`, `=${whole}`, `${whole}====`, whole.slice(0, -3), `${whole},${whole}`]) {
      assert.equal(parseBinaryLoadReport(text), undefined, text);
    }
    for (const odd of [" ", "-", "_", "\0", "\xff", "\u2026", "\r"]) {
      assert.equal(parseBinaryLoadReport(`${odd}${whole.slice(1)}`), undefined, JSON.stringify(odd));
    }
  });

  test("has every number of the message", () => {
    assert.deepEqual(parse([...double(1, 0.2), ...double(9, 0.9)])?.utilization, 0.9);
    assert.deepEqual(parse(rps(700n)), { utilization: 0, rps: 700, eps: 0 });
    assert.equal(parse([...rps(700n), ...double(6, 70.5)])?.rps, 70.5);
    assert.deepEqual(parse(double(7, 3)), { utilization: 0, rps: 0, eps: 3 });
    assert.deepEqual(parse([]), { utilization: 0, rps: 0, eps: 0 }, "all that is 0 is left out");
    assert.equal(parse([...double(1, 0.2), ...double(1, 0.4)])?.utilization, 0.4, "the last one counts");
  });

  test("may hold maps, and fields that nobody knows yet", () => {
    const cpu = double(1, 0.5);
    const unknown = [
      entry(4, "disk", -5),
      entry(5, "gpu", 0.5),
      entry(8, "queue", Number.NaN),
      bytesOf(5, []),
      double(10, -3),
      [11 * 8, ...varint(2n ** 64n - 1n)],
      [12 * 8 + 5, 1, 2, 3, 4],
      bytesOf(1000, [1, 2, 3]),
    ];
    for (const field of unknown) {
      assert.equal(parse([...field, ...cpu])?.utilization, 0.5, base64(field));
      assert.equal(parse([...cpu, ...field])?.utilization, 0.5, base64(field));
    }
  });

  test("is none when anything about it is wrong", () => {
    const wrong: Record<string, readonly number[]> = {
      "below 0": double(1, -0.1),
      "not a number": double(6, Number.NaN),
      "without end": double(7, Number.POSITIVE_INFINITY),
      "memory below 0": double(2, -1),
      "too much load": double(9, 100.5),
      "too many requests": rps(1_000_001n),
      "2^64 - 1 requests": rps(2n ** 64n - 1n),
      "a key without value": [9],
      "a double cut short": double(1, 0.5).slice(0, -1),
      "a map cut short": entry(8, "queue", 3).slice(0, -1),
      "a size beyond the end": [8 * 8 + 2, ...varint(2n ** 63n)],
      "four bytes cut short": [12 * 8 + 5, 1, 2, 3],
      "an integer cut short": [3 * 8, 0x80],
      "an integer of eleven bytes": [3 * 8, ...Array<number>(10).fill(0x80), 0],
      "field 0": [0, 0],
      "a field number of 2^29": [...varint(2n ** 32n), 0],
      "a group": [13 * 8 + 3, 13 * 8 + 4],
      "a type that does not exist": [13 * 8 + 7, 0],
      "a double as an integer": [8, 1],
      "an integer as a double": double(3, 1),
      "a number as a map": double(8, 1),
    };
    for (const [name, bytes] of Object.entries(wrong)) {
      assert.equal(parse([...double(7, 1), ...bytes]), undefined, name);
    }
    assert.equal(parseBinaryLoadReport("A".repeat(4100)), undefined);
  });

  test("says what was put in, in whatever order and amid whatever else", () => {
    const number = fc.double({ min: 0, max: 100, noNaN: true });
    const parts = fc.record({ cpu: number, fractional: number, eps: number, more: fc.uint8Array({ maxLength: 300 }) });
    fc.assert(
      fc.property(parts, fc.nat(5), ({ cpu, fractional, eps, more }, rotation) => {
        const fields = [
          double(1, cpu),
          double(6, fractional),
          double(7, eps),
          bytesOf(8, [...more]),
          bytesOf(99, [...more]),
        ];
        const bytes = [...fields.slice(rotation), ...fields.slice(0, rotation)].flat();
        assert.deepEqual(parse(bytes), { utilization: cpu > 0 ? cpu : 0, rps: fractional, eps });
      }),
    );
  });

  test("of any bytes is nothing or within bounds", () => {
    const whole = [...double(1, 0.3), ...rps(5n), ...entry(8, "queue", 3), ...double(6, 12.5), ...double(7, 1)];
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 });
    const damaged = fc.tuple(damage, fc.nat(whole.length)).map(([changes, length]) => {
      const bytes = [...whole];
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes.slice(0, length);
    });
    const any = fc.oneof(
      fc.string(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => base64([...bytes])),
      damaged.map(base64),
    );
    fc.assert(
      fc.property(any, (text) => {
        const report = parseBinaryLoadReport(text);
        if (report === undefined) return;
        assert.ok(report.utilization >= 0 && report.utilization <= 100);
        assert.ok(report.rps >= 0 && report.rps <= 1e6 && report.eps >= 0 && report.eps <= 1e6);
      }),
      { numRuns: 3000 },
    );
  });

  test("is decoded as the platform decodes base64, number by number", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true })), fc.boolean(), (numbers, isPadded) => {
        const text = base64(numbers.flatMap((value) => double(6, value)));
        const seen: number[] = [];
        assert.ok(readBinaryReport(isPadded ? text : text.replace(/=+$/, ""), (_, value) => seen.push(value) > 0));
        assert.deepEqual(seen, numbers);
      }),
    );
  });
});
