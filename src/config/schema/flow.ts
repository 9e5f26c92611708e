/** What bounds the load of a cluster, the queue in front of it, and what bounds that of a worker. */
import { DEFAULTS } from "../defaults.js";
import { type Refused, refuse } from "../refused.js";
import { DURATION, MAX_DURATION_MS, PERCENT, parseDuration, parsePercent } from "../units.js";
import { integer, mapping, quantity, text, tuned } from "./parts.js";

const time = quantity(DURATION, parseDuration, 1, MAX_DURATION_MS);
const most = integer(0, 1_000_000);

const HEDGE_AFTER = "a share of the answers such as 95%, or a time such as 50ms";

function parseHedgeAfter(input: string): { readonly percent: number; readonly ms: number } | Refused {
  if (!input.endsWith("%")) {
    const ms = parseDuration(input);
    if (typeof ms !== "number") return ms;
    return ms > 0 ? { percent: 0, ms } : refuse("without a wait every request would be sent twice");
  }
  const percent = parsePercent(input);
  if (typeof percent !== "number") return percent;
  const isUseful = percent >= 50 && percent < 100;
  return isUseful ? { percent, ms: 0 } : refuse(`${input} is not from 50% to below 100%`, "hedge the slowest few: 95%");
}

const LIMIT_HINTS = {
  maxRequests: "write requests",
  maxPending: "write pending; how many may wait is queue: { max: ... }",
  maxRetries: "write retries",
};

function mostPerEndpoint(description: string) {
  return tuned(most, DEFAULTS.clusterLimits.perEndpoint, `${description}; 0 = unlimited.`);
}

const perEndpoint = mapping(
  "connections, pending, requests, retries",
  {
    connections: mostPerEndpoint("Connections open to the endpoint, idle ones included"),
    pending: mostPerEndpoint("Connections to it that are being made"),
    requests: mostPerEndpoint("Tries (tcp: connections) under way at it, unless it has a maxConnections of its own"),
    retries: mostPerEndpoint("Retries under way at it, hedges included"),
  },
  { ...LIMIT_HINTS, maxConnections: "write requests for what is under way, connections for what is open" },
);

export const clusterLimits = mapping(
  "connections, pending, requests, retries, perEndpoint",
  {
    connections: tuned(
      most,
      DEFAULTS.clusterLimits.connections,
      "Connections open to the endpoints, idle ones included; 0 = unlimited.",
    ),
    pending: tuned(most, DEFAULTS.clusterLimits.pending, "Connections that are being made; 0 = unlimited."),
    requests: tuned(
      most,
      DEFAULTS.clusterLimits.requests,
      "Tries (tcp: connections) under way; those of each endpoint are its maxConnections; 0 = unlimited.",
    ),
    retries: tuned(
      most,
      DEFAULTS.clusterLimits.retries,
      "Retries under way, however many retryBudget allows; 0 = unlimited.",
    ),
    perEndpoint: perEndpoint.prefault({}).describe("The same for each endpoint: others are chosen where one is full."),
  },
  { ...LIMIT_HINTS, maxConnections: "write connections; that of an endpoint stands there, or in perEndpoint" },
).prefault({});

export const queue = mapping(
  "max, timeout",
  {
    max: tuned(integer(1, 1_000_000), DEFAULTS.queue.max, "Most that wait at once."),
    timeout: tuned(time, DEFAULTS.queue.timeout, "Longest wait."),
  },
  { size: "write max", priority: "it belongs to routes", priorities: "priority belongs to routes" },
);

export const adaptive = mapping(
  "min, max, tolerance, window, interval",
  {
    min: tuned(
      integer(1, 1_000_000),
      DEFAULTS.adaptive.min,
      "Least that the limit may be, and its value while measuring.",
    ),
    max: tuned(integer(1, 1_000_000), DEFAULTS.adaptive.max, "Most that the limit may be."),
    tolerance: tuned(
      quantity(PERCENT, parsePercent),
      DEFAULTS.adaptive.tolerance,
      "How much longer than without load answers may take before the limit shrinks.",
    ),
    window: tuned(time, DEFAULTS.adaptive.window, "How long latencies are gathered before the limit changes."),
    interval: tuned(time, DEFAULTS.adaptive.interval, "How often the latency without load is measured anew."),
  },
  { limit: "it finds the limit itself; a fixed one is limits: { requests: ... }" },
);

export const overload = mapping("buffers, delay", {
  buffers: tuned(
    quantity(PERCENT, parsePercent),
    DEFAULTS.overload.buffers,
    "Share of a worker's buffers in use from which priority low is refused; 0 = never.",
  ),
  delay: tuned(
    quantity(DURATION, parseDuration),
    DEFAULTS.overload.delay,
    "How late a worker's loop is from which priority low is refused.",
  ),
}).prefault({});

export const hedge = mapping(
  "after, max",
  {
    after: tuned(
      text(HEDGE_AFTER, parseHedgeAfter),
      DEFAULTS.hedge.after,
      "No answer came within the time in which so many of the cluster's recent ones came, or within a fixed time.",
    ),
    max: tuned(integer(1, 5), DEFAULTS.hedge.max, "Most second tries of one request; one at a time."),
  },
  { percentile: "write after: 95%", delay: "write after: 50ms" },
);
