import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AccessLog, compileFormat } from "./access-log.js";
import { AccessRecord } from "./access-record.js";
import { createMetrics, openMetrics, W } from "./layout.js";
import { LineBuffer } from "./line-buffer.js";
import { createLogRing, LogRingReader, LogRingWriter } from "./log-ring.js";

function sample(): AccessRecord {
  const record = new AccessRecord();
  record.time = Date.UTC(2026, 0, 31, 23, 59, 59, 123);
  record.requestId = "r-1";
  record.listener = "web";
  record.client = "192.0.2.1:4711";
  record.method = "GET";
  record.target = "/a?b=c";
  record.host = "example.com";
  record.version = "HTTP/1.1";
  record.userAgent = 'curl "8"';
  record.status = 200;
  record.bytesIn = 80;
  record.bytesOut = 1234;
  record.route = "all";
  record.fault = "delay";
  record.cluster = "api";
  record.endpoint = "10.0.0.2:80";
  record.retries = 1;
  record.addTry("10.0.0.1:80", "CONNECT_REFUSED");
  record.addTry("10.0.0.2:80", "ok");
  record.acceptMs = 0;
  record.headMs = 0.25;
  record.connectMs = 1.23456;
  record.totalMs = 12;
  return record;
}

/** The lines that a format writes, as text. */
function formatter(format: string): (record: AccessRecord) => string {
  const compiled = compileFormat(format);
  return (record) => {
    const line = new LineBuffer();
    compiled(record, line);
    return Buffer.from(line.bytes.subarray(0, line.length)).toString("latin1");
  };
}

const anyText = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)) }),
  fc.string({ unit: "binary" }),
  fc.constantFrom("\n", '"', "\\", '\\"', "\r\n", "\u2028", "\u009b31m", "\ud800", "%{status}", '" 200 "'),
);
const hostile = fc
  .record({ method: anyText, target: anyText, host: anyText, userAgent: anyText, referer: anyText, requestId: anyText })
  .map((fields) => Object.assign(sample(), fields));

describe("access log format json", () => {
  it("writes every field under a stable key", () => {
    assert.deepEqual(JSON.parse(formatter("json")(sample())), {
      time: "2026-01-31T23:59:59.123Z",
      kind: "http",
      listener: "web",
      client: "192.0.2.1:4711",
      request_id: "r-1",
      method: "GET",
      host: "example.com",
      target: "/a?b=c",
      version: "HTTP/1.1",
      status: 200,
      code: "",
      reason: "",
      termination: "ok",
      bytes_in: 80,
      bytes_out: 1234,
      accept_ms: 0,
      head_ms: 0.25,
      queue_ms: null,
      connect_ms: 1.235,
      response_ms: null,
      total_ms: 12,
      route: "all",
      fault: "delay",
      cluster: "api",
      endpoint: "10.0.0.2:80",
      reused: false,
      retries: 1,
      tries: [
        { endpoint: "10.0.0.1:80", outcome: "CONNECT_REFUSED" },
        { endpoint: "10.0.0.2:80", outcome: "ok" },
      ],
      user_agent: 'curl "8"',
      referer: "",
    });
  });

  it("is one line of printable ASCII that parses back to the same text, whatever a client sends", () => {
    const format = formatter("json");
    fc.assert(
      fc.property(hostile, (record) => {
        const line = format(record);
        assert.match(line, /^[ -~]*\n$/);
        const parsed = JSON.parse(line);
        assert.equal(parsed.target, record.target);
        assert.equal(parsed.user_agent, record.userAgent);
        assert.equal(parsed.status, 200);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("access log template", () => {
  it("replaces fields, and shows absent ones as a dash", () => {
    const format = formatter('%{client} [%{time}] "%{method} %{target}" %{status} %{code} %{queue_ms} %{head_ms} 5%%');
    assert.equal(format(sample()), '192.0.2.1:4711 [2026-01-31T23:59:59.123Z] "GET /a?b=c" 200 - - 0.25 5%\n');
  });

  it("lists the endpoints that were tried", () => {
    const format = formatter("%{tries}");
    assert.equal(format(sample()), "10.0.0.1:80=CONNECT_REFUSED,10.0.0.2:80=ok\n");
    assert.equal(format(new AccessRecord()), "-\n");
  });

  it("escapes quotes everywhere and blanks outside quotes", () => {
    assert.equal(formatter('"%{user_agent}" %{user_agent}')(sample()), '"curl \\x228\\x22" curl\\x20\\x228\\x22\n');
  });

  it("has one line and the same columns, whatever a client sends", () => {
    const format = formatter('%{method} "%{target}" %{host}\t%{referer} %{status}');
    fc.assert(
      fc.property(hostile, (record) => {
        const line = format(record);
        assert.match(line, /^[!#-~]+ "[ !#-~]*" [!#-~]+\t[!#-~]+ 200\n$/);
      }),
      { numRuns: 1000 },
    );
  });

  for (const [template, why] of [
    ["%{nope}", /there is no field "nope"; fields are time, kind/],
    ["%{constructor}", /there is no field "constructor"/],
    ["100% sure", /a % must begin/],
    ["%{status", /a % must begin/],
    ["two\nlines", /character 4 \(code a\)/],
    ["café", /character 4 \(code e9\)/],
  ] as const) {
    it(`refuses ${JSON.stringify(template)}`, () => {
      assert.throws(
        () => compileFormat(template),
        (error: Error & { code?: string }) => error.code === "CONFIG_INVALID" && why.test(error.message),
      );
    });
  }
});

describe("access log", () => {
  it("has room for the longest head, each byte escaped", () => {
    const ring = createLogRing(1 << 17);
    const metrics = openMetrics(createMetrics());
    const record = sample();
    record.userAgent = "\u00ff".repeat(16_384);
    new AccessLog(compileFormat("json"), new LogRingWriter(ring), metrics).write(record);
    assert.equal(JSON.parse(Buffer.from(new LogRingReader(ring).read()).toString()).user_agent, record.userAgent);
  });

  it("counts a line that is longer than any buffer as dropped", () => {
    const ring = createLogRing(1 << 18);
    const metrics = openMetrics(createMetrics());
    const record = sample();
    record.userAgent = "\u00ff".repeat(32_768);
    new AccessLog(compileFormat("json"), new LogRingWriter(ring), metrics).write(record);
    assert.equal(metrics[W.LOG_DROPPED], 1);
    assert.equal(new LogRingReader(ring).read().length, 0);
  });

  it("counts what it wrote and what did not fit", () => {
    const ring = createLogRing(16);
    const metrics = openMetrics(createMetrics());
    const log = new AccessLog(compileFormat("%{listener} %{status}"), new LogRingWriter(ring), metrics);
    for (let i = 0; i < 3; i++) log.write(sample());
    assert.equal(Buffer.from(new LogRingReader(ring).read()).toString(), "web 200\nweb 200\n");
    assert.equal(metrics[W.LOG_LINES], 2);
    assert.equal(metrics[W.LOG_DROPPED], 1);
  });
});

describe("access record", () => {
  it("is as new after a reset", () => {
    const record = sample();
    record.kind = "tcp";
    record.referer = "http://example.com/";
    record.code = "UPSTREAM_RESET";
    record.termination = "upstream";
    record.reused = true;
    record.queueMs = 1;
    record.responseMs = 2;
    record.reset();
    assert.deepEqual(record, new AccessRecord());
  });
});
