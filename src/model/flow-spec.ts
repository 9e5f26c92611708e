/** What of a Spec bounds the load that a cluster takes, and says who waits and who is refused when it is at a bound. */

/** In falling order: who waits is served first, and who is refused when the process is short is refused last. */
export const PRIORITIES = ["high", "normal", "low"] as const;
export type PriorityName = (typeof PRIORITIES)[number];

/** Circuit breakers: all counts are over all workers; 0 = unlimited. */
export interface BreakerSpec {
  /** Connections open to the cluster's endpoints, idle ones included. */
  readonly connections: number;
  /** Tries (TCP: connections) whose connection is still being made. */
  readonly pending: number;
  /** Tries (TCP: connections) in flight. */
  readonly requests: number;
  /** Retries in flight, however many the budget would allow. */
  readonly retries: number;
  /** The same of each endpoint; an endpoint's own `maxConnections` goes before `requests`. */
  readonly perEndpoint: EndpointBreakerSpec;
}

export type EndpointBreakerSpec = Omit<BreakerSpec, "perEndpoint">;

/** Who finds no room waits for it. */
export interface QueueSpec {
  /** Most that wait at once, over all workers. */
  readonly max: number;
  readonly timeoutMs: number;
}

/** What a route may try again: failures before a response, and groups of statuses. */
export const RETRY_CONDITIONS = [
  "connect-failure",
  "reset",
  "timeout",
  "gateway-error",
  "5xx",
  "retriable-4xx",
] as const;
export type RetryCondition = (typeof RETRY_CONDITIONS)[number];

export interface RetrySpec {
  /** Tries beyond the first; 0 = never. */
  readonly attempts: number;
  readonly on: readonly RetryCondition[];
  /** Further response statuses that count as failure while a retry is still allowed. */
  readonly statuses: readonly number[];
  readonly backoff: BackoffSpec;
  /** With a total timeout: no retry begins when less than this would be left. */
  readonly minTimeMs: number;
  /** Longest Retry-After of a 429 or 503 that is waited for. */
  readonly maxRetryAfterMs: number;
}

export interface BackoffSpec {
  /** Most that is waited before the first retry; doubles with each. */
  readonly baseMs: number;
  readonly maxMs: number;
}

export const NO_RETRY: RetrySpec = {
  attempts: 0,
  on: [],
  statuses: [],
  backoff: { baseMs: 0, maxMs: 0 },
  minTimeMs: 0,
  maxRetryAfterMs: 0,
};

/** When a worker refuses requests because it is short itself. */
export interface OverloadSpec {
  /** Share of its buffers in use, 0..100, from which the lowest class is refused; 0 = never. */
  readonly bufferPercent: number;
  /** How late its loop is, from which the lowest class is refused; 0 = never. */
  readonly delayMs: number;
}

/** When a second try of a slow request begins beside the first. */
export interface HedgeSpec {
  /** No answer came within the time in which this share of the cluster's recent ones came, 0..100; 0 = `afterMs` decides. */
  readonly afterPercent: number;
  readonly afterMs: number;
  /** Most for one request; one at a time. */
  readonly max: number;
}

/** A limit of requests that is found out from the latency (resilience/gradient.ts). */
export interface AdaptiveSpec {
  /** Bounds of the limit. */
  readonly min: number;
  readonly max: number;
  /** Answers may take longer than without load by this share, 0..10, before the limit shrinks. */
  readonly tolerance: number;
  /** How long latencies are gathered before the limit changes. */
  readonly windowMs: number;
  /** How often the latency without load is measured anew. */
  readonly intervalMs: number;
}
