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
}

/** Who finds no room waits for it. */
export interface QueueSpec {
  /** Most that wait at once, over all workers. */
  readonly max: number;
  readonly timeoutMs: number;
}
