/** Clusters and endpoints as the admin API and the terminal view show them: configuration, state and figures in one. */
import { HISTOGRAM_SIZE, histogramAdd, histogramQuantile } from "../base/histogram.js";
import { formatAddress } from "../model/address.js";
import type { ClusterSpec, EndpointSpec, Origin } from "../model/spec.js";
import { C, clusterBase, E, endpointBase } from "./layout.js";
import type { CheckView, DiscoveryStatus, EndpointState, Observed } from "./observed.js";
import { endpointKey } from "./slots.js";
import { createTimestamp } from "./timestamp.js";

/** Counters are since start. */
export interface ClusterView {
  readonly name: string;
  readonly balance: string;
  readonly active: number;
  readonly retries: number;
  readonly panicPicks: number;
  /** undefined where the cluster only has its own list. */
  readonly discovery: DiscoveryStatus | undefined;
  readonly endpoints: readonly EndpointView[];
}

export interface EndpointView {
  readonly id: string;
  readonly address: string;
  readonly weight: number;
  /** 0 = unlimited. */
  readonly maxConnections: number;
  readonly state: EndpointState;
  readonly reason: string;
  readonly checks: readonly CheckView[];
  /** RFC 3339. */
  readonly since: string;
  /** Who named it: the configuration, its source, or an operator at run time. */
  readonly source: Origin;
  readonly active: number;
  readonly connections: number;
  /** Of these, those that are being made. */
  readonly pending: number;
  /** Of what is active, retries and hedges that hold a place in the retry budget. */
  readonly retries: number;
  readonly requests: number;
  readonly failures: number;
  readonly connects: number;
  readonly connectFailures: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Milliseconds; undefined before the first response. */
  readonly latencyMs: { readonly p50: number; readonly p99: number } | undefined;
}

export function viewClusters(observed: Observed): ClusterView[] {
  return observed.spec.clusters.map((cluster) => viewCluster(observed, cluster));
}

function viewCluster(observed: Observed, cluster: ClusterSpec): ClusterView {
  const base = clusterBase(observed.slots.clusters.get(cluster.name)!);
  return {
    name: cluster.name,
    balance: cluster.balance.policy,
    active: sum(observed, base + C.ACTIVE),
    retries: sum(observed, base + C.RETRIES),
    panicPicks: sum(observed, base + C.PANIC_PICKS),
    discovery: observed.discovery(cluster.name),
    endpoints: cluster.endpoints.map((endpoint) => viewEndpoint(observed, cluster.name, endpoint)),
  };
}

function viewEndpoint(observed: Observed, cluster: string, endpoint: EndpointSpec): EndpointView {
  const base = endpointBase(observed.slots.endpoints.get(endpointKey(cluster, endpoint.id))!);
  const status = observed.status(cluster, endpoint.id);
  return {
    id: endpoint.id,
    address: formatAddress(endpoint.address),
    weight: status.weight,
    maxConnections: endpoint.maxConnections,
    state: status.state,
    reason: status.reason,
    checks: status.checks,
    since: createTimestamp()(status.since),
    source: status.origin,
    active: sum(observed, base + E.ACTIVE),
    connections: sum(observed, base + E.OPEN),
    ...observed.places(cluster, endpoint.id),
    requests: sum(observed, base + E.REQUESTS),
    failures: sum(observed, base + E.FAILURES),
    connects: sum(observed, base + E.CONNECTS),
    connectFailures: sum(observed, base + E.CONNECT_FAILURES),
    bytesIn: sum(observed, base + E.BYTES_IN),
    bytesOut: sum(observed, base + E.BYTES_OUT),
    latencyMs: latency(observed, base + E.RESPONSE),
  };
}

function latency(observed: Observed, base: number): EndpointView["latencyMs"] {
  const merged = new Float64Array(HISTOGRAM_SIZE);
  for (const { metrics } of observed.workers) histogramAdd(merged, 0, metrics, base);
  const p50 = histogramQuantile(merged, 0, 0.5);
  const p99 = histogramQuantile(merged, 0, 0.99);
  return p50 === undefined || p99 === undefined ? undefined : { p50: round(p50), p99: round(p99) };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function sum(observed: Observed, index: number): number {
  let total = 0;
  for (const { metrics } of observed.workers) total += metrics[index]!;
  return total;
}
