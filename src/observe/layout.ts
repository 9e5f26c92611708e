/**
 * Where each figure of a worker is in its shared memory. One buffer per worker, written only by that worker with plain
 * stores (`metrics[base + L.REQUESTS_2XX]++`) and summed by the main thread at a scrape: an add costs a nanosecond or
 * two, needs no atomics, and a reader sees each figure whole, because a Float64Array stores 8 aligned bytes at once.
 *
 * One worker block, then one block per listener, cluster and endpoint slot (slots.ts numbers them). Capacity is
 * address space only: a page costs memory when a worker first writes to it.
 */
import { CODES, type Code } from "../base/errors.js";
import { HISTOGRAM_SIZE } from "../base/histogram.js";

export const MAX_LISTENERS = 64;
export const MAX_CLUSTERS = 1024;
export const MAX_ENDPOINTS = 16_384;

/** The worker block, at index 0. Counters unless said otherwise. */
export const W = {
  ACCEPTED: 0,
  /** Upstream connections that were established. */
  CONNECTED: 1,
  /** Gauge: connections open now, both sides. */
  OPEN: 2,
  /** Refused at accept because the worker had `maxConnections`. */
  REFUSED: 3,
  /** Accepting paused for want of file descriptors. */
  ACCEPT_PAUSED: 4,
  /** Receiving waited for a free buffer. */
  STARVED: 5,
  TURNS: 6,
  SYSCALLS: 7,
  /** Gauges: buffers in use, and buffers there are. */
  BUFFERS_USED: 8,
  BUFFERS_TOTAL: 9,
  /** From clients, and to clients. */
  BYTES_IN: 10,
  BYTES_OUT: 11,
  /** Malformed requests. */
  PARSE_ERRORS: 12,
  /** Exceptions that reached the top of the loop. */
  UNCAUGHT: 13,
  LOG_LINES: 14,
  /** Access-log lines lost because the ring was full. */
  LOG_DROPPED: 15,
  /** Gauge: how many priority classes are refused now because the worker is overloaded. */
  SHED_LEVEL: 16,
  /** Requests (L4: connections) refused so, by index in PRIORITIES. */
  SHED_HIGH: 17,
  SHED_NORMAL: 18,
  SHED_LOW: 19,
} as const;
const WORKER_SIZE = W.SHED_LOW + 1;

/** A listener's block, at `listenerBase(slot)`. */
export const L = {
  CONNECTIONS: 0,
  /** Gauge: client connections open now. */
  OPEN: 1,
  /** Connections refused by this listener (limits, drain). */
  REFUSED: 2,
  /** From clients, and to clients. */
  BYTES_IN: 3,
  BYTES_OUT: 4,
  /** Gauge: requests (L4: connections) being served now. */
  ACTIVE: 5,
  /** Finished requests by status: index `REQUESTS_NONE + statusClass(status)`; NONE = ended without an answer. */
  REQUESTS_NONE: 6,
  REQUESTS_1XX: 7,
  REQUESTS_2XX: 8,
  REQUESTS_3XX: 9,
  REQUESTS_4XX: 10,
  REQUESTS_5XX: 11,
  /** Requests that were delayed, and answered with an error, on purpose. */
  FAULT_DELAYS: 12,
  FAULT_ABORTS: 13,
  /** Errors by code: index `ERRORS + CODE_NUMBER[code]`. */
  ERRORS: 14,
  /** Histogram: first byte of a request to the last byte of its response; L4: accept to close. */
  DURATION: 14 + CODES.length,
} as const;
const LISTENER_SIZE = L.DURATION + HISTOGRAM_SIZE;

/** A cluster's block, at `clusterBase(slot)`. */
export const C = {
  /** As for listeners, with the statuses that endpoints sent; NONE = no response came. Each try counts. */
  REQUESTS_NONE: 0,
  REQUESTS_1XX: 1,
  REQUESTS_2XX: 2,
  REQUESTS_3XX: 3,
  REQUESTS_4XX: 4,
  REQUESTS_5XX: 5,
  /** Gauge: tries (L4: connections) under way now. */
  ACTIVE: 6,
  CONNECTS: 7,
  CONNECT_FAILURES: 8,
  /** Requests that went out on an idle connection of the pool. */
  POOL_REUSED: 9,
  RETRIES: 10,
  /** Retries that the budget or a limit did not allow; who waits for a place is not counted before that is in vain. */
  RETRIES_DENIED: 11,
  /** Picks made among all endpoints because none was usable. */
  PANIC_PICKS: 12,
  /** Picks that failed: no endpoint at all, or each at its limit. */
  NO_ENDPOINT: 13,
  OVERLOADED: 14,
  /** From endpoints, and to endpoints. */
  BYTES_IN: 15,
  BYTES_OUT: 16,
  /** Copies of requests (mirroring) that were answered, that were given up for want of room, whose endpoint failed. */
  MIRROR_ANSWERED: 17,
  MIRROR_DROPPED: 18,
  MIRROR_FAILED: 19,
  /** Gauge: requests (L4: connections) that wait for room now. */
  QUEUED: 20,
  /** Those that found the queue full, and those that waited in vain. */
  QUEUE_FULL: 21,
  QUEUE_TIMEOUTS: 22,
  /** Reports of endpoints on their load that were read, and that could not be. */
  LOAD_REPORTS: 23,
  LOAD_REPORTS_BAD: 24,
  /** Second tries beside a slow first one, those of them that were answered first, and those that had no place. */
  HEDGES: 25,
  HEDGES_WON: 26,
  HEDGES_DENIED: 27,
  /** OVERLOADED and RETRIES_DENIED by what was at its limit, in the order of `Limit` (model/query.ts). */
  LIMITED_ENDPOINTS: 28,
  LIMITED_REQUESTS: 29,
  LIMITED_CONNECTIONS: 30,
  LIMITED_PENDING: 31,
  LIMITED_ADAPTIVE: 32,
  LIMITED_ENDPOINT_CONNECTIONS: 33,
  LIMITED_ENDPOINT_PENDING: 34,
  LIMITED_ENDPOINT_RETRIES: 35,
  LIMITED_RETRIES: 36,
  LIMITED_RETRY_BUDGET: 37,
  /** Gauge: retries that wait for a place in the budget now. */
  RETRIES_WAITING: 38,
  /** Histogram: how long those waited that have left the queue, for whatever reason. */
  QUEUE_TIME: 39,
} as const;
const CLUSTER_SIZE = C.QUEUE_TIME + HISTOGRAM_SIZE;

/** An endpoint's block, at `endpointBase(slot)`. */
export const E = {
  /** Tries (L4: connections) given to this endpoint. */
  REQUESTS: 0,
  /** Those that failed: connecting, reset, timeout, or a status that counts as failure. */
  FAILURES: 1,
  CONNECTS: 2,
  CONNECT_FAILURES: 3,
  /** From the endpoint, and to it. */
  BYTES_IN: 4,
  BYTES_OUT: 5,
  /** Gauge: tries (L4: connections) under way now. */
  ACTIVE: 6,
  /** Gauge: connections open now, idle ones included. */
  OPEN: 7,
  /** Tries that neither failed nor were given up; L4: connections that were established. */
  SUCCESSES: 8,
  /** Tries answered with a 5xx that does not count as failure. */
  SERVER_ERRORS: 9,
  /** Of FAILURES: connecting failed, the connection broke, or no answer came in time. */
  LOCAL_FAILURES: 10,
  /** Histogram: request sent to response header received; L4: time to connect. */
  RESPONSE: 11,
} as const;
const ENDPOINT_SIZE = E.RESPONSE + HISTOGRAM_SIZE;

const LISTENERS_START = WORKER_SIZE;
const CLUSTERS_START = LISTENERS_START + MAX_LISTENERS * LISTENER_SIZE;
const ENDPOINTS_START = CLUSTERS_START + MAX_CLUSTERS * CLUSTER_SIZE;
const METRICS_LENGTH = ENDPOINTS_START + MAX_ENDPOINTS * ENDPOINT_SIZE;

export function listenerBase(slot: number): number {
  return LISTENERS_START + slot * LISTENER_SIZE;
}

export function clusterBase(slot: number): number {
  return CLUSTERS_START + slot * CLUSTER_SIZE;
}

export function endpointBase(slot: number): number {
  return ENDPOINTS_START + slot * ENDPOINT_SIZE;
}

/** The number of each error code in `L.ERRORS`. */
export const CODE_NUMBER: Readonly<Record<Code, number>> = Object.fromEntries(
  CODES.map((code, number) => [code, number]),
) as Record<Code, number>;

/** 1 to 5, or 0 for no status. What is above 599 counts as 5xx (RFC 9110 15). */
export function statusClass(status: number): number {
  if (status < 100) return 0;
  return status < 600 ? (status / 100) | 0 : 5;
}

/** Main thread: the zeroed memory for one worker's figures. */
export function createMetrics(): SharedArrayBuffer {
  return new SharedArrayBuffer(METRICS_LENGTH * Float64Array.BYTES_PER_ELEMENT);
}

/** Either side: the figures in such memory. */
export function openMetrics(buffer: SharedArrayBuffer): Float64Array {
  if (buffer.byteLength !== METRICS_LENGTH * Float64Array.BYTES_PER_ELEMENT) {
    throw new RangeError(`metrics memory of ${buffer.byteLength} bytes does not fit this version's layout`);
  }
  return new Float64Array(buffer);
}

/** Nothing that would be counted when it ends is under way there. */
export function isIdle(metrics: Float64Array, kind: SlotKind, slot: number): boolean {
  const { baseOf, gauges } = BLOCKS[kind];
  return gauges.every((field) => metrics[baseOf(slot) + field] === 0);
}

/** Zeroes one slot's block. Only when no worker writes to it any more. */
export function resetSlot(metrics: Float64Array, kind: SlotKind, slot: number): void {
  const { baseOf, size } = BLOCKS[kind];
  metrics.fill(0, baseOf(slot), baseOf(slot) + size);
}

/**
 * Before a new worker takes over the figures of one that died: what was open is closed, while counters must go on
 * rising. Zeroes are not written over zeroes, since that would make untouched pages resident.
 */
export function resetGauges(metrics: Float64Array): void {
  for (const field of [W.OPEN, W.BUFFERS_USED, W.BUFFERS_TOTAL, W.SHED_LEVEL]) metrics[field] = 0;
  for (const { baseOf, capacity, gauges } of Object.values(BLOCKS)) {
    for (let slot = 0; slot < capacity; slot++) {
      for (const field of gauges) if (metrics[baseOf(slot) + field] !== 0) metrics[baseOf(slot) + field] = 0;
    }
  }
}

const BLOCKS = {
  listener: { baseOf: listenerBase, size: LISTENER_SIZE, capacity: MAX_LISTENERS, gauges: [L.OPEN, L.ACTIVE] },
  cluster: {
    baseOf: clusterBase,
    size: CLUSTER_SIZE,
    capacity: MAX_CLUSTERS,
    gauges: [C.ACTIVE, C.QUEUED, C.RETRIES_WAITING],
  },
  endpoint: { baseOf: endpointBase, size: ENDPOINT_SIZE, capacity: MAX_ENDPOINTS, gauges: [E.ACTIVE, E.OPEN] },
} as const;
export type SlotKind = keyof typeof BLOCKS;
