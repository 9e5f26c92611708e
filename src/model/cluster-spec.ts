/** Clusters of a Spec: their endpoints, and the rules by which these are chosen, checked and spared. */
import type { Address } from "./address.js";
import type { DiscoverySpec } from "./discovery-spec.js";
import type { AdaptiveSpec, BreakerSpec, QueueSpec } from "./flow-spec.js";

export type BalanceName =
  | "round-robin"
  | "random"
  | "least-request"
  | "least-connections"
  | "p2c"
  | "peak-ewma"
  | "least-time"
  | "prequal"
  | "ring-hash"
  | "maglev"
  | "rendezvous"
  | "source-address"
  | "first";

/** Complete for every policy; what a policy has no use for has its default. */
export interface BalanceSpec {
  readonly policy: BalanceName;
  /** What is hashed: the first of these that a request has. Empty: the policy does not hash. */
  readonly hashOn: readonly HashKey[];
  /** Hashing: most of its weight's share of active requests that an endpoint may have, as a factor above 1; 0 = any. */
  readonly boundedLoad: number;
  /** Maglev: entries of its table, a prime number. */
  readonly tableSize: number;
  /** Latency: after this long a fall of the moving average has gone 63 percent (1 - 1/e) of its way; milliseconds. */
  readonly decayMs: number;
  /** Latency: a failed request counts as one that took this long; milliseconds. */
  readonly penaltyMs: number;
  readonly prequal: PrequalSpec;
}

/** Where the text that is hashed comes from. Header names are in lower case. */
export type HashKey =
  | { readonly from: "header" | "cookie" | "query"; readonly name: string }
  | { readonly from: "path" | "source" | "request-id" };

export interface PrequalSpec {
  /** Endpoints drawn for a choice. */
  readonly candidates: number;
  /** An endpoint with more in flight than this share of the others (0..1) is hot: latency no longer matters. */
  readonly hotQuantile: number;
  /** A latency that nothing confirmed for this long is forgotten; milliseconds. */
  readonly staleMs: number;
}

/** Which of a cluster's endpoints take part, and with what part of their weight; before any policy chooses. */
export interface StagesSpec {
  /** A priority level is taken for whole while healthy weight x this is at least its whole weight; >= 1. */
  readonly overprovisioning: number;
  /** Less than this share of a level healthy: all of it is used; 0..100, 0 = only when nothing is left. */
  readonly panicPercent: number;
  readonly locality: LocalitySpec;
  /** Undefined: all endpoints. */
  readonly subset: SubsetSpec | undefined;
  /** Undefined: a new endpoint gets its whole share at once. */
  readonly slowStart: SlowStartSpec | undefined;
}

export interface LocalitySpec {
  readonly mode: "ignore" | "weighted" | "nearest";
  /** The zone that this process is in; empty = unknown. */
  readonly own: string;
  /** Zones that are not named have weight 1. */
  readonly weights: readonly { readonly zone: string; readonly weight: number }[];
}

export interface SubsetSpec {
  /** Endpoints that this process uses, at least. */
  readonly size: number;
  /** This process's number among `of`, from 0. */
  readonly index: number;
  readonly of: number;
}

export interface SlowStartSpec {
  readonly windowMs: number;
  /** Exponent 1/aggression of the share over time: 1 is linear, more rises earlier. */
  readonly aggression: number;
  /** Least share of its weight, 0..100. */
  readonly minPercent: number;
}

export interface ClusterSpec {
  readonly name: string;
  /** Those of the file; once it runs, with what was discovered and what operators changed. */
  readonly endpoints: readonly EndpointSpec[];
  readonly discover: DiscoverySpec | undefined;
  readonly balance: BalanceSpec;
  readonly stages: StagesSpec;
  readonly connectTimeoutMs: number;
  /** L4: further endpoints tried when connecting fails. */
  readonly connectAttempts: number;
  readonly pool: PoolSpec;
  /** Active checks; an endpoint is up as long as none of them says otherwise. */
  readonly health: readonly HealthSpec[];
  readonly outlier: OutlierSpec;
  readonly retryBudget: RetryBudgetSpec;
  readonly limits: BreakerSpec;
  readonly queue: QueueSpec | undefined;
  readonly adaptive: AdaptiveSpec | undefined;
  /** What endpoints report of their load is read and weighs; undefined = it is not looked at. */
  readonly loadReports: LoadReportSpec | undefined;
  /** How a client comes back to its endpoint; undefined = it need not. */
  readonly persistence: PersistenceSpec | undefined;
}

/** ORCA: the response header `endpoint-load-metrics`. */
export interface LoadReportSpec {
  /** Clients see it too. */
  readonly forward: boolean;
  /** What an error costs, in units of a request's utilization. */
  readonly errorPenalty: number;
  /** An older report counts no more. */
  readonly maxAgeMs: number;
}

export type PersistenceSpec =
  | {
      readonly kind: "cookie";
      readonly name: string;
      /** Max-Age; 0 = until the browser is closed. */
      readonly ttlMs: number;
      readonly path: string;
      readonly secure: boolean;
      readonly httpOnly: boolean;
      readonly sameSite: "strict" | "lax" | "none";
      /** Key of the tokens that stand for endpoints; empty = one that the process makes. */
      readonly secret: string;
    }
  /** The same tokens in a header of responses, which the client sends back. */
  | { readonly kind: "header"; readonly name: string; readonly secret: string }
  /** By the client's address, remembered in a table of `size` entries until it was not seen for `ttlMs`. */
  | { readonly kind: "source"; readonly ttlMs: number; readonly size: number };

export interface EndpointSpec {
  /** Identity: health and latency history belong to it. The formatted address unless the file names one. */
  readonly id: string;
  readonly address: Address;
  /** 0 = drain: keeps its connections, gets no new ones. */
  readonly weight: number;
  /** Connections (L4) or requests (L7) at once over all workers; 0 = unlimited. */
  readonly maxConnections: number;
  /** Level, 0..15: a higher number is used as far as the levels before it cannot carry the load. */
  readonly priority: number;
  /** Where it is; empty = nowhere in particular. */
  readonly zone: string;
}

export interface PoolSpec {
  /** Idle upstream connections kept per endpoint and worker. */
  readonly maxIdle: number;
  /** An idle upstream connection is closed after this long. Below what endpoints use, to lose fewer races. */
  readonly idleTimeoutMs: number;
}

export type CheckSpec =
  | {
      readonly kind: "tcp";
      /** Sent once connected, and looked for in the answer: bytes in hexadecimal; both empty = connecting is enough. */
      readonly send: string;
      readonly expect: string;
    }
  | {
      readonly kind: "http";
      readonly path: string;
      readonly method: string;
      /** `Host` sent; empty = the address that is checked. */
      readonly host: string;
      readonly headers: readonly { readonly name: string; readonly value: string }[];
      /** Inclusive ranges. */
      readonly statuses: readonly (readonly [number, number])[];
      /** The body must contain this; empty = anything. */
      readonly body: string;
    }
  /** A program that says how the endpoint is (health/agent.ts); `rise` and `fall` do not apply to what is said. */
  | { readonly kind: "agent" };

export interface HealthSpec {
  /** Unique within the cluster; shown in reasons and metrics. */
  readonly name: string;
  readonly check: CheckSpec;
  /** Checked instead of the endpoint's own address. */
  readonly address: Address | undefined;
  /** Instead of the endpoint's own port; 0 = that one. */
  readonly port: number;
  readonly intervalMs: number;
  /** While down or while changing. */
  readonly fastIntervalMs: number;
  readonly timeoutMs: number;
  /** Each wait is lengthened or shortened by up to this share, 0..1. */
  readonly jitter: number;
  /** Successes in a row until up, failures in a row until down. */
  readonly rise: number;
  readonly fall: number;
}

export interface OutlierSpec {
  /** Failures in a row (connect failures, resets, timeouts, 502-504) until ejected; 0 = never. */
  readonly consecutiveFailures: number;
  /** Answers of 500 and above in a row until ejected; 0 = never. */
  readonly consecutive5xx: number;
  /** Connect failures, resets and timeouts in a row until ejected; 0 = never. */
  readonly consecutiveLocal: number;
  /** How often the rates below are looked at. */
  readonly intervalMs: number;
  readonly successRate: SuccessRateSpec;
  readonly failurePercent: FailurePercentSpec;
  readonly latency: LatencyOutlierSpec;
  /** First ejection; each further one in a row takes as much longer. */
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
  /** Share of the cluster that may be ejected at once, 0..100; the last usable endpoint never is. */
  readonly maxEjectionPercent: number;
}

/** Who succeeds much less often than the others. */
export interface SuccessRateSpec {
  /** Standard deviations below the mean; 0 = never. */
  readonly stdevFactor: number;
  /** Tries within an interval without which an endpoint is not judged. */
  readonly minVolume: number;
  /** Endpoints with that volume without which nobody is. */
  readonly minEndpoints: number;
  /** Who fails less than this is not ejected, however well the others do; 0..100. */
  readonly minFailurePercent: number;
}

/** Who fails a share of its tries. */
export interface FailurePercentSpec {
  /** 0..100; 0 = never. */
  readonly threshold: number;
  readonly minVolume: number;
  readonly minEndpoints: number;
}

/** Who answers much slower than the others. */
export interface LatencyOutlierSpec {
  /** Mean response time over the median of the cluster; 0 = never. */
  readonly factor: number;
  /** Who answers within this is not ejected, however fast the others are. */
  readonly minMs: number;
  readonly minVolume: number;
  readonly minEndpoints: number;
}

export interface RetryBudgetSpec {
  /** Retries in flight, as a share of active requests, 0..100. */
  readonly percent: number;
  /** Always allowed at once, so that a quiet cluster can retry at all. */
  readonly minimum: number;
}
