/** Which figure of which block is exported under which name. Tables only; prometheus.ts walks them. */
import { C, E, L, W } from "./layout.js";

export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** Offset in the block. */
  readonly field: number;
}

function counter(name: string, field: number, help: string): Family {
  return { name: `plimsoll_${name}_total`, type: "counter", help, field };
}

function gauge(name: string, field: number, help: string): Family {
  return { name: `plimsoll_${name}`, type: "gauge", help, field };
}

export const WORKER_FAMILIES: readonly Family[] = [
  counter("worker_connections_accepted", W.ACCEPTED, "Client connections accepted."),
  counter("worker_connections_refused", W.REFUSED, "Client connections refused because the worker had its maximum."),
  gauge("worker_connections_open", W.OPEN, "Connections open now, to clients and to endpoints."),
  counter("worker_upstream_connections", W.CONNECTED, "Connections established to endpoints."),
  counter("worker_accept_pauses", W.ACCEPT_PAUSED, "Times accepting paused for want of file descriptors."),
  counter("worker_buffer_starvations", W.STARVED, "Times receiving waited for a free buffer."),
  counter("worker_loop_turns", W.TURNS, "Turns of the engine's loop."),
  counter("worker_syscalls", W.SYSCALLS, "System calls made by the engine."),
  gauge("worker_buffers_used", W.BUFFERS_USED, "Buffers in use."),
  gauge("worker_buffers", W.BUFFERS_TOTAL, "Buffers there are."),
  counter("worker_received_bytes", W.BYTES_IN, "Bytes received from clients."),
  counter("worker_sent_bytes", W.BYTES_OUT, "Bytes sent to clients."),
  counter("worker_parse_errors", W.PARSE_ERRORS, "Malformed requests."),
  counter("worker_uncaught_errors", W.UNCAUGHT, "Exceptions that reached the top of the loop."),
  counter("access_log_lines", W.LOG_LINES, "Access-log lines handed to the writer."),
  gauge("worker_shed_level", W.SHED_LEVEL, "Priority classes that are refused now because the worker is overloaded."),
  counter("worker_shed_high", W.SHED_HIGH, "Requests of priority high refused so."),
  counter("worker_shed_normal", W.SHED_NORMAL, "Requests (TCP: connections) of priority normal refused so."),
  counter("worker_shed_low", W.SHED_LOW, "Requests of priority low refused so."),
  counter("access_log_dropped", W.LOG_DROPPED, "Access-log lines lost because the writer was too slow."),
];

export const LISTENER_FAMILIES: readonly Family[] = [
  counter("listener_connections", L.CONNECTIONS, "Client connections accepted."),
  gauge("listener_connections_open", L.OPEN, "Client connections open now."),
  counter("listener_connections_refused", L.REFUSED, "Client connections refused by a limit or while draining."),
  gauge("listener_active", L.ACTIVE, "Requests (TCP listeners: connections) being served now."),
  counter("listener_fault_delays", L.FAULT_DELAYS, "Requests that were delayed on purpose."),
  counter("listener_fault_aborts", L.FAULT_ABORTS, "Requests that were answered with an error on purpose."),
  counter("listener_received_bytes", L.BYTES_IN, "Bytes received from clients."),
  counter("listener_sent_bytes", L.BYTES_OUT, "Bytes sent to clients."),
];

export const CLUSTER_FAMILIES: readonly Family[] = [
  gauge("cluster_active", C.ACTIVE, "Tries (TCP: connections) under way now."),
  counter("cluster_connects", C.CONNECTS, "Connections begun to endpoints."),
  counter("cluster_connect_failures", C.CONNECT_FAILURES, "Connections to endpoints that failed."),
  counter("cluster_pool_reused", C.POOL_REUSED, "Requests sent on an idle connection of the pool."),
  counter("cluster_retries", C.RETRIES, "Tries beyond the first."),
  counter("cluster_retries_denied", C.RETRIES_DENIED, "Retries that the retry budget or a limit did not allow."),
  gauge("cluster_retries_waiting", C.RETRIES_WAITING, "Retries that wait for a place in the retry budget now."),
  counter("cluster_panic_picks", C.PANIC_PICKS, "Picks among all endpoints because too few were healthy."),
  counter("cluster_no_endpoint", C.NO_ENDPOINT, "Picks that found no endpoint."),
  counter("cluster_overloaded", C.OVERLOADED, "Picks that found every endpoint at its limit."),
  counter("cluster_load_reports", C.LOAD_REPORTS, "Reports of endpoints on their load that were read."),
  counter("cluster_load_reports_bad", C.LOAD_REPORTS_BAD, "Reports of endpoints on their load that are malformed."),
  counter("cluster_mirror_answered", C.MIRROR_ANSWERED, "Copies of requests that endpoints answered."),
  counter("cluster_mirror_dropped", C.MIRROR_DROPPED, "Copies of requests that were given up for want of room."),
  counter("cluster_mirror_failed", C.MIRROR_FAILED, "Copies of requests whose endpoint failed."),
  counter(
    "cluster_limited_endpoints",
    C.LIMITED_ENDPOINTS,
    "Picks refused: every endpoint had as many requests as it may.",
  ),
  counter("cluster_limited_requests", C.LIMITED_REQUESTS, "Picks refused by limits.requests."),
  counter("cluster_limited_connections", C.LIMITED_CONNECTIONS, "Picks refused by limits.connections."),
  counter("cluster_limited_pending", C.LIMITED_PENDING, "Picks refused by limits.pending."),
  counter("cluster_limited_adaptive", C.LIMITED_ADAPTIVE, "Picks refused by the adaptive limit."),
  counter(
    "cluster_limited_endpoint_connections",
    C.LIMITED_ENDPOINT_CONNECTIONS,
    "Picks refused by limits.perEndpoint.connections.",
  ),
  counter(
    "cluster_limited_endpoint_pending",
    C.LIMITED_ENDPOINT_PENDING,
    "Picks refused by limits.perEndpoint.pending.",
  ),
  counter(
    "cluster_limited_endpoint_retries",
    C.LIMITED_ENDPOINT_RETRIES,
    "Retries refused by limits.perEndpoint.retries.",
  ),
  counter("cluster_limited_retries", C.LIMITED_RETRIES, "Retries refused by limits.retries."),
  counter("cluster_limited_retry_budget", C.LIMITED_RETRY_BUDGET, "Retries refused by retryBudget."),
  counter("cluster_hedges", C.HEDGES, "Second tries begun beside a slow first one."),
  counter("cluster_hedges_won", C.HEDGES_WON, "Second tries that were answered first."),
  counter("cluster_hedges_denied", C.HEDGES_DENIED, "Second tries that the retry budget or a limit did not allow."),
  gauge("cluster_queued", C.QUEUED, "Requests (TCP: connections) that wait for room now."),
  counter("cluster_queue_full", C.QUEUE_FULL, "Requests refused because the queue was full."),
  counter(
    "cluster_queue_timeouts",
    C.QUEUE_TIMEOUTS,
    "Requests refused because they had waited in the queue too long.",
  ),
  counter("cluster_received_bytes", C.BYTES_IN, "Bytes received from endpoints."),
  counter("cluster_sent_bytes", C.BYTES_OUT, "Bytes sent to endpoints."),
];

export const ENDPOINT_FAMILIES: readonly Family[] = [
  counter("endpoint_requests", E.REQUESTS, "Tries (TCP: connections) given to the endpoint."),
  counter("endpoint_failures", E.FAILURES, "Tries that failed."),
  counter("endpoint_local_failures", E.LOCAL_FAILURES, "Of these, connect failures, resets and timeouts."),
  counter("endpoint_successes", E.SUCCESSES, "Tries that ended well (TCP: connections established)."),
  counter("endpoint_server_errors", E.SERVER_ERRORS, "Tries answered with a 5xx that does not count as failure."),
  gauge("endpoint_active", E.ACTIVE, "Tries (TCP: connections) under way now."),
  counter("endpoint_connects", E.CONNECTS, "Connections begun to the endpoint."),
  counter("endpoint_connect_failures", E.CONNECT_FAILURES, "Connections to the endpoint that failed."),
  gauge("endpoint_connections_open", E.OPEN, "Connections open to the endpoint now, idle ones included."),
  counter("endpoint_received_bytes", E.BYTES_IN, "Bytes received from the endpoint."),
  counter("endpoint_sent_bytes", E.BYTES_OUT, "Bytes sent to the endpoint."),
];
