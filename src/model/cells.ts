/**
 * The layout of the figures that all threads share: what stands in which integer of an endpoint's and of a cluster's
 * slot. Pickers read it, the cluster counts in it, the main thread writes the states.
 */

/**
 * Integers per slot: two cache lines, so that threads busy with different endpoints do not disturb each other. What
 * pickers read is in the first.
 */
export const SLOT_CELLS = 32;

/** Offsets within an endpoint's slot. */
export const EndpointCell = {
  /** Requests (HTTP) or connections (TCP) in flight, those still connecting included. Any thread. */
  ACTIVE: 0,
  /** Sockets open to the endpoint, idle ones included. Any thread. */
  CONNECTIONS: 1,
  /** Failures of any kind in a row. Any thread. */
  FAILURES: 2,
  /** Bits of `State`. Written by the main thread. */
  STATE: 3,
  /** Most that ACTIVE may be; 0 = unlimited. Written by the main thread. */
  MAX_ACTIVE: 4,
  /** Weight in force, in hundredths: an agent may ask for a share of it. Written by the main thread. */
  WEIGHT: 5,
  /** Moving average of the time to a response, microseconds; 0 = nothing is known yet. Any thread. */
  LATENCY: 6,
  /** When LATENCY was last changed, milliseconds of the process's clock; wraps at 2^32. Any thread. */
  LATENCY_AT: 7,
  /** When anything was last heard for LATENCY, changed or not; the same clock. Any thread. */
  HEARD_AT: 8,
  /** It asked to be left alone until then (Retry-After); the same clock, 0 = it did not. Any thread. */
  AVOID_UNTIL: 9,
  /** What it last reported of itself: utilization in 1/10000, requests and errors per 1000 seconds. Any thread. */
  REPORTED_UTILIZATION: 10,
  REPORTED_RPS: 11,
  REPORTED_EPS: 12,
  /** When; the same clock, 0 = never. Any thread. */
  REPORTED_AT: 13,
  /** Of CONNECTIONS, those that are still being made. Any thread. */
  PENDING: 14,
  /** Of ACTIVE, retries and hedges that hold a place in the retry budget. Any thread. */
  RETRIES: 15,
  /** Answers of 500 and above in a row; only counted where that has a limit. Any thread. */
  SERVER_ERRORS: 16,
  /** Connect failures, resets and timeouts in a row; only counted where that has a limit. Any thread. */
  LOCAL_FAILURES: 17,
} as const;

/** Offsets within a cluster's slot. */
export const ClusterCell = {
  /** Turns taken by pickers that rotate. Any thread; wraps at 2^32. */
  CURSOR: 0,
  /** Retries in flight. Any thread. */
  RETRIES: 1,
  /** Picks made in panic: no endpoint was healthy, so all were used. Any thread. */
  PANIC_PICKS: 3,
  /** Requests (HTTP) or connections (TCP) in flight: the sum over the endpoints. Any thread. */
  ACTIVE: 4,
  /** Sockets open to endpoints, idle ones included. Any thread. */
  CONNECTIONS: 16,
  /** Of these, those that are still being made. Any thread. */
  PENDING: 17,
  /** Requests (TCP: connections) that wait for room. Any thread. */
  QUEUED: 18,
  /** Adaptive limit (cluster/adaptive-limit.ts): the limit in force, 0 = not known yet. Any thread, as the following. */
  ADAPTIVE_LIMIT: 19,
  /** What answers of the window took together, 10 µs, and how many they are. */
  ADAPTIVE_SUM: 20,
  ADAPTIVE_COUNT: 21,
  /** When the window began, milliseconds of the process's clock; wraps at 2^32. */
  ADAPTIVE_WINDOW_AT: 22,
  /** The state of its controller (resilience/gradient.ts). */
  ADAPTIVE_PHASE: 23,
  ADAPTIVE_BEFORE: 24,
  ADAPTIVE_BEST: 25,
  ADAPTIVE_MEASURE_AT: 26,
} as const;

/** Bits of `EndpointCell.STATE`. What makes an endpoint unusable is UNUSABLE. */
export const State = {
  /** By active checks. */
  DOWN: 1,
  /** By outlier detection, for a while. */
  EJECTED: 2,
  /** Gets nothing new, finishes what it has: weight 0, or removed. */
  DRAINING: 4,
  /** No active check has decided yet. */
  UNKNOWN: 8,
  /** As DRAINING, by an operator; stays over reloads. */
  HELD: 16,
  /** As DRAINING, because the endpoint said so itself. */
  RETIRING: 32,
} as const;

/** Any of these takes an endpoint out in good order: it is not even used in panic. */
export const LEAVING: number = State.DRAINING | State.HELD | State.RETIRING;
/** Any of these excludes an endpoint, the last two only as long as another is usable. */
export const UNUSABLE: number = LEAVING | State.DOWN | State.EJECTED;
