/** What observing costs a worker: nanoseconds per counter add, histogram record and access-log line. */
import { HISTOGRAM_SIZE, histogramRecord } from "../../src/base/histogram.js";
import { AccessLog, compileFormat } from "../../src/observe/access-log.js";
import { AccessRecord } from "../../src/observe/access-record.js";
import { createMetrics, L, listenerBase, openMetrics, statusClass } from "../../src/observe/layout.js";
import { LineBuffer } from "../../src/observe/line-buffer.js";
import { createLogRing, LogRingReader, LogRingWriter } from "../../src/observe/log-ring.js";

const ROUNDS = 7;

/** Prints the best of several rounds: other work on the machine only ever adds. `before` runs outside the clock. */
function measure(name: string, times: number, task: (times: number) => void, before: () => void = () => {}): void {
  task(times);
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    before();
    const start = process.hrtime.bigint();
    task(times);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / times);
  }
  console.log(`${name.padEnd(36)} ${best.toFixed(1).padStart(8)} ns`);
}

const metrics = openMetrics(createMetrics());
const bases = Float64Array.from({ length: 8 }, (_, slot) => listenerBase(slot));

measure("counter add", 50_000_000, (times) => {
  for (let i = 0; i < times; i++) metrics[bases[i & 7]! + L.CONNECTIONS]++;
});
measure("counter add by status class", 50_000_000, (times) => {
  for (let i = 0; i < times; i++) metrics[bases[i & 7]! + L.REQUESTS_NONE + statusClass(200 + (i & 255))]++;
});

const durations = Float64Array.from({ length: 1024 }, (_, i) => 0.02 * 1.013 ** i);
const histogram = new Float64Array(new SharedArrayBuffer(HISTOGRAM_SIZE * 8));
measure("histogram record", 20_000_000, (times) => {
  for (let i = 0; i < times; i++) histogramRecord(histogram, 0, durations[i & 1023]!);
});

const ring = createLogRing(1 << 25);
const reader = new LogRingReader(ring);
const record = new AccessRecord();

function fill(i: number): void {
  record.reset();
  record.time = 1_769_904_000_000 + i;
  record.requestId = "4f1c5e0a9b7d4c2e8a6f3b1d";
  record.listener = "web";
  record.client = "192.0.2.17:40312";
  record.method = "GET";
  record.target = "/v1/things/4711?view=full";
  record.host = "api.example.com";
  record.version = "HTTP/1.1";
  record.userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
  record.status = 200;
  record.bytesIn = 412;
  record.bytesOut = 1280;
  record.route = "things";
  record.cluster = "api";
  record.endpoint = "10.0.0.2:8080";
  record.reused = true;
  record.addTry("10.0.0.2:8080", "ok");
  record.acceptMs = 12.5;
  record.headMs = 0.031;
  record.queueMs = 0;
  record.connectMs = 0;
  record.responseMs = 3.25;
  record.totalMs = 3.5;
}

const COMBINED =
  '%{client} - - [%{time}] "%{method} %{target} %{version}" %{status} %{bytes_out} "%{referer}" "%{user_agent}"';
for (const [name, template] of [
  ["json", "json"],
  ["template", COMBINED],
] as const) {
  const format = compileFormat(template);
  const log = new AccessLog(format, new LogRingWriter(ring), metrics);
  fill(0);
  const line = new LineBuffer();
  format(record, line);
  const write = (times: number): void => {
    for (let i = 0; i < times; i++) {
      fill(i);
      log.write(record);
    }
  };
  measure(`access-log line, ${name} (${line.length} bytes)`, 40_000, write, () => reader.read());
}
