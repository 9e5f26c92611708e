import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterView, EndpointView } from "../../observe/cluster-view.js";
import { type Figures, parseSamples, quantileBetween, toFigures } from "./figures.js";
import { formatLine, formatScreen } from "./view.js";

const PAGE = `# HELP plimsoll_listener_requests_total Requests finished, by status sent.
# TYPE plimsoll_listener_requests_total counter
plimsoll_listener_requests_total{listener="http",status="none"} 1
plimsoll_listener_requests_total{listener="http",status="2xx"} 90
plimsoll_listener_requests_total{listener="http",status="5xx"} 3
plimsoll_listener_connections_open{listener="http"} 4
plimsoll_listener_connections_open{listener="tcp"} 1
plimsoll_worker_connections_open{worker="0",engine="epoll"} 7
plimsoll_listener_request_duration_seconds_bucket{listener="http",le="0.008"} 50
plimsoll_listener_request_duration_seconds_bucket{listener="http",le="0.016"} 93
plimsoll_listener_request_duration_seconds_bucket{listener="http",le="+Inf"} 94
plimsoll_uptime_seconds 12.5
`;

function endpoint(id: string, requests: number): EndpointView {
  const counters = { connects: 1, connectFailures: 0, bytesIn: 1, bytesOut: 1, failures: 2 };
  const load = { active: 1, connections: 1, pending: 0, retries: 0, requests, weight: 1, maxConnections: 0 };
  const latencyMs = { p50: 4.25, p99: 380 };
  const standing = { state: "up", reason: "", checks: [], since: "", source: "config" } as const;
  return { id, address: "127.0.0.1:1", ...standing, ...load, ...counters, latencyMs };
}

function figures(at: number, requests: number, durations: [number, number][]): Figures {
  const endpoints = [endpoint("steady", requests)];
  const own = { name: "demo", balance: "p2c", discovery: undefined };
  const cluster: ClusterView = { ...own, active: 0, retries: 5, panicPicks: 0, endpoints };
  const counts = { requests, failed: 3, connections: 2 };
  return { at, ...counts, engine: "epoll", durations: new Map(durations), clusters: [cluster] };
}

const BEFORE = figures(1000, 100, [
  [0.008, 100],
  [0.016, 100],
  [Infinity, 100],
]);
const AFTER = figures(3000, 120, [
  [0.008, 110],
  [0.016, 119],
  [Infinity, 120],
]);

test("parseSamples reads names, labels and values, and skips comments", () => {
  const samples = parseSamples(PAGE);
  assert.equal(samples.length, 10);
  assert.deepEqual(samples.at(-1), { name: "plimsoll_uptime_seconds", labels: {}, value: 12.5 });
  assert.deepEqual(samples[5].labels, { worker: "0", engine: "epoll" });
});

test("toFigures counts 5xx and unanswered requests as failed", () => {
  const { requests, failed, connections, engine, durations } = toFigures(parseSamples(PAGE));
  assert.deepEqual(
    { requests, failed, connections, engine },
    { requests: 94, failed: 4, connections: 5, engine: "epoll" },
  );
  assert.equal(durations.get(Infinity), 94);
});

test("quantileBetween looks only at what came between two readings", () => {
  assert.equal(quantileBetween(BEFORE, AFTER, 0.5), 0.008);
  assert.equal(quantileBetween(BEFORE, AFTER, 0.9), 0.016);
  assert.equal(quantileBetween(BEFORE, AFTER, 0.99), Infinity);
  assert.equal(quantileBetween(AFTER, AFTER, 0.5), undefined);
});

test("the screen shows each endpoint's health, rate and latency", () => {
  const places = { http: "http://127.0.0.1:8080", tcp: "127.0.0.1:8081", admin: "http://127.0.0.1:9901" };
  const screen = formatScreen(places, { before: BEFORE, after: AFTER }, ["12:00:00 something happened"]);
  assert.match(screen, /120 requests, 10\.0\/s, p50 <=8ms, p99 over 65 s, 3 failed, 5 retried, 2 client connections/);
  assert.match(screen, /^ {2}steady +up +120 +10\.0 +2 +1 +4\.3 +380\.0$/m);
  assert.match(screen, /something happened/);
});

test("without a terminal one line says the same", () => {
  const line = formatLine({ before: BEFORE, after: AFTER });
  assert.equal(line, "requests=120 rate=10.0/s p50 <=8ms p99 over 65 s failed=3 steady=up/120/380.0ms");
});
