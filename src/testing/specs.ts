/** Cluster specs for tests: complete, with what the test is about filled in. */
import type {
  BalanceName,
  BalanceSpec,
  ClusterSpec,
  EndpointBreakerSpec,
  EndpointSpec,
  HealthSpec,
  OutlierSpec,
  StagesSpec,
} from "../model/spec.js";

/** Endpoint `e<index>` at 127.0.0.1, unlimited, weight 1. */
export function createEndpointSpec(index: number, changes: Partial<EndpointSpec> = {}): EndpointSpec {
  const address = { family: "ip4", host: "127.0.0.1", port: 9000 + index } as const;
  return { id: `e${index}`, address, weight: 1, maxConnections: 0, priority: 0, zone: "", ...changes };
}

/** Hashing policies hash the client's address, without a bound. */
export function createBalanceSpec(policy: BalanceName, changes: Partial<BalanceSpec> = {}): BalanceSpec {
  const hashes = ["ring-hash", "maglev", "rendezvous", "source-address"].includes(policy);
  return {
    policy,
    hashOn: hashes ? [{ from: "source" }] : [],
    boundedLoad: 0,
    tableSize: 65_537,
    decayMs: 10_000,
    penaltyMs: 1000,
    prequal: { candidates: 5, hotQuantile: 0.84, staleMs: 10_000 },
    ...changes,
  };
}

/** Nothing but one level, panic when nothing is left. */
export function createStagesSpec(changes: Partial<StagesSpec> = {}): StagesSpec {
  return {
    overprovisioning: 1.4,
    panicPercent: 0,
    locality: { mode: "ignore", own: "", weights: [] },
    subset: undefined,
    slowStart: undefined,
    ...changes,
  };
}

export const NO_LIMITS: EndpointBreakerSpec = { connections: 0, pending: 0, requests: 0, retries: 0 };

/** Cluster `web` of `size` endpoints, round robin, no active checks, ejection after 5 failures. */
export function createClusterSpec(size: number, changes: Partial<ClusterSpec> = {}): ClusterSpec {
  return {
    name: "web",
    endpoints: Array.from({ length: size }, (_, index) => createEndpointSpec(index)),
    discover: undefined,
    balance: createBalanceSpec("round-robin"),
    stages: createStagesSpec(),
    connectTimeoutMs: 1000,
    connectAttempts: 3,
    pool: { maxIdle: 16, idleTimeoutMs: 30_000 },
    health: [],
    outlier: createOutlierSpec(),
    retryBudget: { percent: 20, minimum: 3 },
    limits: { connections: 0, pending: 0, requests: 0, retries: 0, perEndpoint: NO_LIMITS },
    queue: undefined,
    adaptive: undefined,
    loadReports: undefined,
    persistence: undefined,
    ...changes,
  };
}

/** Ejection after 5 failures of any kind in a row, and for nothing else. */
export function createOutlierSpec(changes: Partial<OutlierSpec> = {}): OutlierSpec {
  return {
    consecutiveFailures: 5,
    consecutive5xx: 0,
    consecutiveLocal: 0,
    intervalMs: 10_000,
    successRate: { stdevFactor: 0, minVolume: 100, minEndpoints: 5, minFailurePercent: 5 },
    failurePercent: { threshold: 0, minVolume: 50, minEndpoints: 1 },
    latency: { factor: 0, minMs: 10, minVolume: 50, minEndpoints: 3 },
    ejectionMs: 30_000,
    maxEjectionMs: 300_000,
    maxEjectionPercent: 50,
    ...changes,
  };
}

/** TCP checks each second, each 200 ms while unsettled, without jitter; rise 2, fall 3. */
export function createHealthSpec(changes: Partial<HealthSpec> = {}): HealthSpec {
  return {
    name: "tcp",
    check: { kind: "tcp", send: "", expect: "" },
    address: undefined,
    port: 0,
    intervalMs: 1000,
    fastIntervalMs: 200,
    timeoutMs: 500,
    jitter: 0,
    rise: 2,
    fall: 3,
    ...changes,
  };
}
