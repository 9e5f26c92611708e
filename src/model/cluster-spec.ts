/** Clusters of a Spec: their endpoints, and the rules by which these are chosen, checked and spared. */
import type { Address } from "./address.js";

export type BalanceName = "round-robin" | "random" | "least-request" | "least-connections" | "p2c" | "source-address";

export interface BalanceSpec {
  readonly policy: BalanceName;
}

export interface ClusterSpec {
  readonly name: string;
  readonly endpoints: readonly EndpointSpec[];
  readonly balance: BalanceSpec;
  readonly connectTimeoutMs: number;
  /** L4: further endpoints tried when connecting fails. */
  readonly connectAttempts: number;
  readonly pool: PoolSpec;
  readonly health: HealthSpec | undefined;
  readonly outlier: OutlierSpec;
  readonly retryBudget: RetryBudgetSpec;
}

export interface EndpointSpec {
  /** Identity: health and latency history belong to it. The formatted address unless the file names one. */
  readonly id: string;
  readonly address: Address;
  /** 0 = drain: keeps its connections, gets no new ones. */
  readonly weight: number;
  /** Connections (L4) or requests (L7) at once over all workers; 0 = unlimited. */
  readonly maxConnections: number;
}

export interface PoolSpec {
  /** Idle upstream connections kept per endpoint and worker. */
  readonly maxIdle: number;
  /** An idle upstream connection is closed after this long. Below what endpoints use, to lose fewer races. */
  readonly idleTimeoutMs: number;
}

export interface HealthSpec {
  readonly check:
    | { readonly kind: "tcp" }
    | {
        readonly kind: "http";
        readonly path: string;
        readonly method: string;
        /** `Host` sent; empty = the endpoint's address. */
        readonly host: string;
        readonly headers: readonly { readonly name: string; readonly value: string }[];
        /** Inclusive ranges. */
        readonly statuses: readonly (readonly [number, number])[];
        /** The body must contain this; empty = anything. */
        readonly body: string;
      };
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
  /** First ejection; each further one in a row takes as much longer. */
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
  /** Share of the cluster that may be ejected at once, 0..100; the last usable endpoint never is. */
  readonly maxEjectionPercent: number;
}

export interface RetryBudgetSpec {
  /** Retries in flight, as a share of active requests, 0..100. */
  readonly percent: number;
  /** Always allowed at once, so that a quiet cluster can retry at all. */
  readonly minimum: number;
}
