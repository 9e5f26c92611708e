/** Reports in trailers: however a response arrives, the report is read once, and what goes on to the client is the rest. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { LoadReport } from "../../balance/load-report.js";
import { BUFFER_SIZE, Memory } from "../../engine/memory.js";
import type { LoadReportSpec } from "../../model/spec.js";
import { C } from "../../observe/layout.js";
import { Body } from "../../wire/http1/head.js";
import type { ProxyContext } from "../context.js";
import type { ProxyCluster, ProxyEndpoint } from "../proxy-cluster.js";
import { BodyTransfer } from "./body-transfer.js";
import { TrailerReports } from "./load-reports.js";
import { latin1 } from "./put-bytes.js";
import { UPSTREAM_LIMITS } from "./upstream-limits.js";

const ENDPOINT = {} as ProxyEndpoint;
const HIDDEN: LoadReportSpec = { forward: false, errorPenalty: 1, maxAgeMs: 1000 };
const TEXT = "Endpoint-Load-Metrics: TEXT cpu_utilization=0.5\r\n";
/** cpu_utilization 0.5 */
const BINARY = "endpoint-load-metrics-bin:CQAAAAAAAOA/\r\n";
const CHUNK = "5\r\nhello\r\n";

interface Seen {
  /** What the client gets. */
  readonly sent: string;
  readonly reports: readonly LoadReport[];
  readonly bad: number;
  /** The body ended in order. */
  readonly isDone: boolean;
}

interface Options {
  readonly spec?: LoadReportSpec | undefined;
  /** What is configured by the time the trailer comes. */
  readonly later?: LoadReportSpec | undefined;
  readonly wanted?: boolean;
  readonly chunked?: boolean;
}

/** Forwards `text` in the pieces that end at `cuts`. */
function forward(text: string, cuts: readonly number[] = [], options: Options = {}): Seen {
  const { spec, wanted = true, chunked = true } = { spec: HIDDEN, ...options };
  const memory = new Memory(new Uint8Array(4 * BUFFER_SIZE), 0);
  const metrics = new Float64Array(64);
  const reports: LoadReport[] = [];
  const live = {
    wantsReport: (endpoint: ProxyEndpoint) => wanted && endpoint === ENDPOINT,
    report: (_: ProxyEndpoint, report: LoadReport) => reports.push(report),
  };
  const cluster = { live, metrics: 0, spec: { loadReports: spec } };
  const filter = new TrailerReports({ metrics, now: () => 7 } as ProxyContext);
  const body = new BodyTransfer();
  body.begin(Body.CHUNKED, 0, chunked, UPSTREAM_LIMITS);
  body.trailerFilter = filter.of(cluster as unknown as ProxyCluster, ENDPOINT);
  if ("later" in options) cluster.spec.loadReports = options.later;
  let sent = "";
  const sink = {
    send: (_: number, start: number, end: number) => {
      sent += Buffer.from(memory.bytes.subarray(start, end)).toString("latin1");
    },
  };
  const buffer = memory.alloc();
  let begin = 0;
  for (const cut of [...cuts, text.length]) {
    memory.bytes.set(latin1(text.slice(begin, cut)));
    body.forward(memory, sink, buffer, 0, cut - begin);
    begin = cut;
  }
  assert.equal(body.fault, undefined);
  assert.equal(metrics[C.LOAD_REPORTS], reports.length);
  return { sent, reports, bad: metrics[C.LOAD_REPORTS_BAD], isDone: body.done };
}

const withTrailer = (...lines: string[]): string => `${CHUNK}0\r\n${lines.join("")}\r\n`;
const REPORT = { utilization: 0.5, rps: 0, eps: 0 };

describe("a load report in a trailer", () => {
  test("is read and taken out, the rest goes on as it came", () => {
    for (const line of [
      TEXT,
      BINARY,
      TEXT.replace("Endpoint-Load", "ENDPOINT-LOAD"),
      BINARY.replace(":", ": \t"),
      TEXT.replace("\r", " \t\r"),
    ]) {
      const expected = { reports: [REPORT], bad: 0, isDone: true };
      assert.deepEqual(forward(withTrailer(line)), { ...expected, sent: `${CHUNK}0\r\n\r\n` }, line);
      const rest = ["X: y\r\n", "Z:\r\n"];
      for (const lines of [
        [line, ...rest],
        [rest[0], line, rest[1]],
        [...rest, line],
      ]) {
        assert.deepEqual(forward(withTrailer(...lines)), { ...expected, sent: withTrailer(...rest) }, lines.join());
      }
    }
  });

  test("goes on too where that is configured", () => {
    const text = withTrailer("X: y\r\n", TEXT);
    const seen = forward(text, [], { spec: { ...HIDDEN, forward: true } });
    assert.deepEqual(seen, { sent: text, reports: [REPORT], bad: 0, isDone: true });
  });

  test("is a field like any other where nobody asks for reports, also from now on", () => {
    const text = withTrailer("X: y\r\n", TEXT);
    const expected = { sent: text, reports: [], bad: 0, isDone: true };
    assert.deepEqual(forward(text, [], { spec: undefined }), expected);
    assert.deepEqual(forward(text, [], { later: undefined }), expected);
  });

  test("is read although the client gets no trailers, and not read where a recent one is known", () => {
    assert.deepEqual(forward(withTrailer(TEXT), [], { chunked: false }), {
      sent: "hello",
      reports: [REPORT],
      bad: 0,
      isDone: true,
    });
    assert.deepEqual(forward(withTrailer(TEXT), [], { wanted: false }).reports, []);
    assert.equal(forward(withTrailer(TEXT), [], { wanted: false }).sent, `${CHUNK}0\r\n\r\n`);
  });

  test("counts if it is the first; malformed ones are counted apart", () => {
    assert.deepEqual(forward(withTrailer(TEXT, BINARY, TEXT)), {
      sent: `${CHUNK}0\r\n\r\n`,
      reports: [REPORT],
      bad: 0,
      isDone: true,
    });
    const wrong = ["endpoint-load-metrics:\r\n", "endpoint-load-metrics-bin: ?\r\n", BINARY.replace("-bin", "")];
    for (const line of wrong)
      assert.deepEqual([forward(withTrailer(line, TEXT)).bad, forward(withTrailer(line)).reports], [1, []]);
  });

  test("has a name that must fit", () => {
    for (const name of [
      "endpoint-load-metrics-bi",
      "endpoint-load-metric",
      "endpoint-load-metricz",
      "x-endpoint-load-metrics",
    ]) {
      const text = withTrailer(`${name}: TEXT cpu_utilization=0.5\r\n`);
      assert.deepEqual(forward(text), { sent: text, reports: [], bad: 0, isDone: true });
    }
  });

  test("is not one before the trailer is complete, nor in the body", () => {
    const text = withTrailer(TEXT);
    for (let length = 1; length < text.length; length++) {
      const { reports, isDone } = forward(text.slice(0, length));
      assert.deepEqual([reports, isDone], [[], false]);
    }
    const data = `${TEXT.length.toString(16)}\r\n${TEXT}\r\n0\r\n\r\n`;
    assert.deepEqual(forward(data), { sent: data, reports: [], bad: 0, isDone: true });
  });

  test("is the same at any split", () => {
    const line = fc.constantFrom(
      TEXT,
      BINARY,
      "X: y\r\n",
      "grpc-status:0\r\n",
      "Cookie: a\r\n",
      "endpoint-load-metrics: ?\r\n",
    );
    const lines = fc.array(line, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(lines, fc.array(fc.nat(1000), { maxLength: 10 }), fc.boolean(), (parts, numbers, isForwarded) => {
        const text = withTrailer(...parts);
        const cuts = numbers.map((n) => n % (text.length + 1)).sort((a, b) => a - b);
        const spec = { ...HIDDEN, forward: isForwarded };
        const seen = forward(text, cuts, { spec });
        assert.deepEqual(seen, forward(text, [], { spec }));
        const kept = parts.filter((part) => !/^cookie/i.test(part) && (isForwarded || !/^endpoint/i.test(part)));
        assert.equal(seen.sent, withTrailer(...kept));
      }),
      { numRuns: 1000 },
    );
  });
});
