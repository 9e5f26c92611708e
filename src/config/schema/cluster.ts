/** Clusters: the endpoints that do the work, and how it is shared among them. */
import * as z from "zod";
import { DEFAULTS } from "../defaults.js";
import { ADDRESS, parseTo } from "../parse-address.js";
import { NAME, parseName } from "../parse-text.js";
import { DURATION, MAX_DURATION_MS, parseDuration } from "../units.js";
import { balance } from "./balance.js";
import { discovery } from "./discovery.js";
import { adaptive, clusterLimits, queue } from "./flow.js";
import { health, retryBudget } from "./health.js";
import { loadReports } from "./load-reports.js";
import { outlier } from "./outlier.js";
import { integer, list, mapping, quantity, text, tuned } from "./parts.js";
import { persistence } from "./persistence.js";
import { failover, locality, slowStart, subset } from "./stages.js";

const time = quantity(DURATION, parseDuration, 1, MAX_DURATION_MS);

export const endpointAddress = text(ADDRESS, parseTo);

const endpoint = z.union(
  [
    endpointAddress.transform((address) => ({
      address,
      id: undefined,
      weight: DEFAULTS.endpoint.weight.value as number,
      maxConnections: DEFAULTS.endpoint.maxConnections.value as number,
      priority: DEFAULTS.endpoint.priority.value as number,
      zone: "",
    })),
    mapping(
      "address, weight, maxConnections, id, priority, zone",
      {
        address: endpointAddress.describe("Where it is reached."),
        id: text(NAME, parseName)
          .optional()
          .describe("Identity, to which its history belongs; by default the address."),
        weight: tuned(integer(0, 1000), DEFAULTS.endpoint.weight, "Share of the traffic; 0 = drain."),
        maxConnections: tuned(
          integer(0, 1_000_000),
          DEFAULTS.endpoint.maxConnections,
          "Connections (tcp) or requests (http) at once, over all workers; 0 = unlimited.",
        ),
        priority: tuned(
          integer(0, 15),
          DEFAULTS.endpoint.priority,
          "Level: a higher number is used as far as the levels before it cannot carry the load.",
        ),
        zone: text(NAME, parseName)
          .optional()
          .transform((name) => name ?? "")
          .describe("Zone that it is in, for locality."),
      },
      { host: "write address: host:port", port: "write address: host:port", url: "write address: host:port" },
    ),
  ],
  { error: `${ADDRESS}; or a mapping (address, weight, maxConnections, id, priority, zone)` },
);

export const endpoints = list(endpoint, "a list of endpoints");

export const cluster = mapping(
  "endpoints, discover, balance, health ...",
  {
    endpoints: endpoints.optional().describe("Addresses, or mappings with address and weight."),
    discover: discovery.optional().describe("Where endpoints come from besides this list: a file, or DNS."),
    balance: tuned(balance, DEFAULTS.cluster.balance, "Which endpoint is next: a policy, or a mapping."),
    failover: failover.describe("When endpoints of a higher priority number, or unhealthy ones, are used."),
    locality: locality.describe("What the endpoints' zones mean."),
    subset: subset.optional().describe("Each of many processes uses some endpoints only; by default all."),
    slowStart: slowStart
      .optional()
      .describe("A new or repaired endpoint gets its share little by little; by default at once."),
    connect: mapping("timeout, attempts", {
      timeout: tuned(time, DEFAULTS.connect.timeout, "Until a connection is established."),
      attempts: tuned(integer(1, 10), DEFAULTS.connect.attempts, "tcp listeners: endpoints that are tried."),
    }).prefault({}),
    pool: mapping("maxIdle, idle", {
      maxIdle: tuned(integer(0, 65_535), DEFAULTS.pool.maxIdle, "Idle connections kept per endpoint and worker."),
      idle: tuned(
        time,
        DEFAULTS.pool.idle,
        "How long an idle connection is kept; less than the endpoints themselves do.",
      ),
    }).prefault({}),
    health: health
      .optional()
      .describe("Active checks, one or a list; without them only failures of real traffic count."),
    outlier: outlier.describe("Ejects endpoints that keep failing."),
    limits: clusterLimits.describe("Circuit breakers of the cluster as a whole, over all workers."),
    adaptive: adaptive
      .optional()
      .describe("Find the limit of requests from the latency; by default only limits: { requests } holds."),
    queue: queue.optional().describe("Where requests wait while every endpoint is at its limit; by default nowhere."),
    loadReports: loadReports.optional().describe("Weigh by what endpoints report of their load in responses (ORCA)."),
    persistence: persistence.optional().describe("A client comes back to the endpoint that it was with."),
    retryBudget: retryBudget.describe("Bounds retries, so that they cannot multiply an overload."),
  },
  {
    discovery: "write discover",
    dns: "write discover: { dns: ... }",
    servers: "write endpoints",
    sticky: "write persistence",
    stickiness: "write persistence",
    sessionAffinity: "write persistence",
    backends: "write endpoints",
    targets: "write endpoints",
    nodes: "write endpoints",
    lb_policy: "write balance",
    algorithm: "write balance",
    strategy: "write balance",
    healthCheck: "write health",
    check: "write health",
    protocol: "HTTP/1.1 or TCP, as the listener says; other protocols are not supported yet",
    timeout: "write connect: { timeout: ... }; other timeouts belong to routes",
    timeouts: "connect: { timeout: ... } is here; other timeouts belong to routes",
    maxConnections: "write limits: { connections: ... }; that of an endpoint stands there",
    circuitBreakers: "write limits",
    circuit_breakers: "write limits",
    retry: "it belongs to routes; retryBudget is here",
    hashOn: "write balance: { policy: ring-hash, hashOn: ... }",
    panic: "write failover: { panic: ... }",
    zone: "it belongs to endpoints; locality: { own: ... } says where this process is",
  },
);
