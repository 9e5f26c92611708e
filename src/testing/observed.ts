/** What the main thread sees, for tests of pages: two workers, an HTTP and a TCP listener, cluster `web` of two endpoints. */
import type { ListenerSpec, Spec } from "../model/spec.js";
import { createMetrics, openMetrics } from "../observe/layout.js";
import type { DiscoveryStatus, EndpointStatus, Observed } from "../observe/observed.js";
import { Slots } from "../observe/slots.js";
import { createClusterSpec } from "./specs.js";

const HTTP: ListenerSpec = {
  kind: "http",
  name: "front",
  address: { family: "ip4", host: "0.0.0.0", port: 8080 },
  routes: [],
  limits: {
    maxLineBytes: 8192,
    maxHeaderBytes: 15_360,
    maxHeaderCount: 100,
    maxChunkExtensionBytes: 4096,
    maxTrailerBytes: 4096,
    maxBodyBytes: Infinity,
  },
  timeouts: { headerMs: 10_000, bodyIdleMs: 30_000, minBytesPerSecond: 240, idleMs: 60_000 },
  trustedProxies: [],
  forwarded: false,
  via: "",
  requestId: true,
};
const TCP: ListenerSpec = {
  kind: "tcp",
  name: "database",
  address: { family: "ip4", host: "0.0.0.0", port: 5432 },
  cluster: "web",
  idleTimeoutMs: 3_600_000,
};

const FILE: DiscoveryStatus = { source: "file /web.yaml", endpoints: 2, updates: 3, failures: 1, problem: "gone" };

export function createSpec(changes: Partial<Spec> = {}): Spec {
  return {
    listeners: [HTTP, TCP],
    clusters: [createClusterSpec(2, { discover: { kind: "file", path: "/web.yaml" } })],
    workers: 2,
    engine: "auto",
    admin: undefined,
    explainToken: undefined,
    accessLog: undefined,
    limits: { maxConnections: 10_000, bufferBytes: 67_108_864, highWaterBytes: 262_144 },
    drainMs: 30_000,
    overload: { bufferPercent: 80, delayMs: 500 },
    ...changes,
  };
}

/** Every endpoint is up since 2026-01-01, unless `statuses` has its id. All figures are zero. */
export function createObserved(
  spec: Spec = createSpec(),
  statuses: Record<string, Partial<EndpointStatus>> = {},
): Observed {
  const up: EndpointStatus = {
    state: "up",
    reason: "status 200",
    checks: [{ name: "http", state: "up", reason: "status 200" }],
    since: 1_767_225_600_000,
    weight: 1,
    origin: "config",
  };
  return {
    spec,
    slots: new Slots().assign(spec).slots,
    workers: [0, 1].map((worker) => {
      return { worker, engine: "io_uring", restarts: worker, metrics: openMetrics(createMetrics()) };
    }),
    main: {
      version: "1.2.3",
      process: {
        nodeVersion: "v20.20.0",
        startedAt: 1_767_225_600,
        uptimeSeconds: 12.5,
        cpuSeconds: 3.25,
        residentBytes: 104_857_600,
        openFiles: 42,
        loopDelay: { meanMs: 0.5, p99Ms: 2, maxMs: 10 },
      },
      reloads: { ok: 3, failed: 1 },
      logErrors: 0,
    },
    status: (_cluster, endpoint) => ({ ...up, ...statuses[endpoint] }),
    discovery: (cluster) =>
      spec.clusters.some(({ name, discover }) => name === cluster && discover !== undefined) ? FILE : undefined,
    adaptiveLimit: () => 42,
    places: () => ({ pending: 1, retries: 2 }),
    health: () => ({
      checks: [{ check: "http", passed: 90, failed: 2 }],
      ejections: [{ detector: "consecutive-failures", ejected: 4, spared: 1 }],
    }),
  };
}
