import assert from "node:assert/strict";
import { test } from "node:test";
import { hashText } from "../base/hash.js";
import { NO_RETRY } from "../model/flow-spec.js";
import { compileFormat } from "../observe/access-log.js";
import { AccessRecord } from "../observe/access-record.js";
import { LineBuffer } from "../observe/line-buffer.js";
import { createClusterSpec } from "../testing/specs.js";
import { simulate } from "./simulation.js";
import { TraceReader } from "./trace.js";

const START = Date.UTC(2026, 1, 28, 23, 59, 59, 500);

/** A line as the proxy writes it. */
function line(changes: Partial<AccessRecord>): string {
  const record = Object.assign(new AccessRecord(), { cluster: "web", status: 200, client: "10.9.8.7:1234" }, changes);
  const buffer = new LineBuffer();
  compileFormat("json")(record, buffer);
  return Buffer.from(buffer.bytes.subarray(0, buffer.length)).toString().trimEnd();
}

function read(lines: readonly string[]) {
  const reader = new TraceReader("web", Date.parse);
  for (const text of lines) reader.line(text);
  return reader.finish(0.5);
}

test("arrivals are sorted and begin at 0, also over the end of a month", () => {
  const lines = [700, 0, 300].map((ms) => line({ time: START + ms, endpoint: "e0", responseMs: 10 }));
  const { arrivals, durationMs } = read(lines)!.scenario;
  assert.ok(arrivals.kind === "trace");
  assert.deepEqual([...arrivals.trace.at], [0, 300, 700]);
  assert.equal(durationMs, 701);
  assert.equal(arrivals.trace.hash[0], hashText("10.9.8.7"));
});

test("what an endpoint is slower than the others becomes its own, and the work is freed of it", () => {
  const lines = Array.from({ length: 30 }, (_, i) =>
    line({ time: START + i, endpoint: `e${i % 3}`, responseMs: i % 3 === 2 ? 100 : 10 }),
  );
  const { scenario } = read(lines)!;
  assert.deepEqual(
    ["e0", "e1", "e2"].map((id) => scenario.endpoints.get(id)!.first.slower),
    [1, 1, 10],
  );
  assert.ok(scenario.arrivals.kind === "trace");
  assert.ok(scenario.arrivals.trace.work.every((ms) => ms === 9.5));
});

test("a share of failures stays with its endpoint", () => {
  const failed = { status: 502, responseMs: -1, code: "CONNECT_REFUSED" } as const;
  const lines = Array.from({ length: 20 }, (_, i) =>
    line({ time: START + i, endpoint: `e${i % 2}`, responseMs: 10, ...(i % 4 === 1 ? failed : {}) }),
  );
  const { scenario } = read(lines)!;
  assert.equal(scenario.endpoints.get("e0")!.first.errors, 0);
  assert.equal(scenario.endpoints.get("e1")!.first.errors, 0.5);
});

test("lines of other clusters and lines that are none are counted, and without any other there is nothing", () => {
  const good = line({ time: START, endpoint: "e0", responseMs: 1 });
  const found = read([good, line({ time: START, cluster: "api" }), "GET / 200", "{}", "null", ""])!;
  assert.deepEqual([found.others, found.broken], [1, 3]);
  assert.equal(read([line({ time: START, cluster: "api" })]), undefined);
});

test("played again by the same policy a log gives about what it says", () => {
  const lines = Array.from({ length: 900 }, (_, i) =>
    line({ time: START + i * 10, endpoint: `e${i % 3}`, responseMs: i % 3 === 0 ? 41 : 21 }),
  );
  const figures = simulate(
    {
      cluster: createClusterSpec(3),
      retry: NO_RETRY,
      timeouts: { responseHeaderMs: 0, perTryMs: 0, totalMs: 0 },
      priority: "normal",
    },
    read(lines)!.scenario,
    1,
  );
  assert.equal(figures.ok, 900);
  assert.ok(Math.abs(figures.latency.mean - 27.6) < 1, `${figures.latency.mean}`);
});
