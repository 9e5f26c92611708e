/**
 * A resolved Spec written as a file again, with every key and every default. Loading the result gives the same Spec, so
 * it is exactly what runs.
 */
import * as yaml from "yaml";
import { formatAddress } from "../model/address.js";
import type {
  ActionSpec,
  ClusterSpec,
  FieldMatch,
  HeaderOperation,
  ListenerSpec,
  RouteSpec,
  Spec,
} from "../model/spec.js";
import { balanceOf, stagesOf } from "./explain-balance.js";
import { discoveryOf } from "./explain-discovery.js";
import { flowOf, hedgeOf, retryOf } from "./explain-flow.js";
import { healthOf, outlierOf } from "./explain-health.js";
import { loadReportsOf, persistenceOf } from "./explain-persistence.js";
import { faultsOf, mirrorOf, splitOf } from "./explain-traffic.js";
import { formatPathPattern } from "./parse-pattern.js";
import { formatCondition } from "./schema/match.js";
import { formatDuration, formatRate, formatSize } from "./units.js";

/** YAML with units. */
export function explain(spec: Spec): string {
  // `${` would be read as a variable. What is undefined is left out.
  const literal = (text: string) => text.replaceAll("${", () => "$${");
  const json = JSON.stringify(fileOf(spec), (_, value) => (typeof value === "string" ? literal(value) : value));
  const plain = JSON.parse(json);
  return yaml.stringify(plain, { lineWidth: 0, aliasDuplicateObjects: false });
}

function fileOf(spec: Spec) {
  return {
    listeners: spec.listeners.map(listenerOf),
    clusters: Object.fromEntries(spec.clusters.map((cluster) => [cluster.name, clusterOf(cluster)])),
    workers: spec.workers,
    engine: spec.engine,
    admin: spec.admin === undefined ? undefined : formatAddress(spec.admin.address),
    adminToken: spec.admin?.token,
    adminState: spec.admin?.state,
    explainToken: spec.explainToken,
    accessLog: spec.accessLog,
    limits: {
      maxConnections: spec.limits.maxConnections,
      buffers: formatSize(spec.limits.bufferBytes),
      highWater: formatSize(spec.limits.highWaterBytes),
    },
    drain: formatDuration(spec.drainMs),
    overload: { buffers: `${spec.overload.bufferPercent}%`, delay: formatDuration(spec.overload.delayMs) },
  };
}

/** Names that are the address by default: a socket's path may hold what a written name may not. */
function unless(address: string, name: string): string | undefined {
  return name === address ? undefined : name;
}

function listenerOf(listener: ListenerSpec) {
  const address = formatAddress(listener.address);
  const common = { name: unless(address, listener.name), address, protocol: listener.kind };
  if (listener.kind === "tcp") {
    return { ...common, cluster: listener.cluster, timeouts: { idle: formatDuration(listener.idleTimeoutMs) } };
  }
  const { limits, timeouts } = listener;
  return {
    ...common,
    routes: listener.routes.map(routeOf),
    limits: {
      maxLine: formatSize(limits.maxLineBytes),
      maxHeader: formatSize(limits.maxHeaderBytes),
      maxHeaderCount: limits.maxHeaderCount,
      maxChunkExtension: formatSize(limits.maxChunkExtensionBytes),
      maxTrailer: formatSize(limits.maxTrailerBytes),
      maxBody: formatSize(limits.maxBodyBytes),
    },
    timeouts: {
      header: formatDuration(timeouts.headerMs),
      bodyIdle: formatDuration(timeouts.bodyIdleMs),
      minRate: formatRate(timeouts.minBytesPerSecond),
      idle: formatDuration(timeouts.idleMs),
    },
    trustedProxies: listener.trustedProxies,
    forwarded: listener.forwarded,
    via: listener.via,
    requestId: listener.requestId,
  };
}

function routeOf(route: RouteSpec) {
  const { host, path, methods, headers, query } = route.match;
  return {
    name: route.name,
    match: {
      host,
      path: path === undefined ? undefined : formatPathPattern(path),
      method: methods.length === 0 ? undefined : methods,
      headers: conditionsOf(headers),
      query: conditionsOf(query),
    },
    ...actionOf(route.action),
    requestHeaders: operationsOf(route.requestHeaders),
    responseHeaders: operationsOf(route.responseHeaders),
  };
}

function conditionsOf(matches: readonly FieldMatch[]) {
  if (matches.length === 0) return undefined;
  return Object.fromEntries(matches.map((match) => [match.name, formatCondition(match)]));
}

function actionOf(action: ActionSpec) {
  if (action.kind === "redirect") return { redirect: { status: action.status, location: action.location } };
  if (action.kind === "respond") {
    return { respond: { status: action.status, body: action.body, contentType: action.contentType } };
  }
  const { rewritePrefix: prefix, rewriteHost: host, timeouts, retry } = action;
  return {
    cluster: action.split === undefined ? action.cluster : undefined,
    split: splitOf(action.split),
    faults: faultsOf(action.faults),
    mirror: mirrorOf(action.mirror),
    rewrite: prefix === undefined && host === undefined ? undefined : { prefix, host },
    timeouts: {
      responseHeader: formatDuration(timeouts.responseHeaderMs),
      perTry: formatDuration(timeouts.perTryMs),
      total: formatDuration(timeouts.totalMs),
      idle: formatDuration(timeouts.idleMs),
    },
    retry: retryOf(retry),
    upgrade: action.upgrade,
    priority: action.priority,
    hedge: hedgeOf(action.hedge),
  };
}

function operationsOf(operations: readonly HeaderOperation[]) {
  if (operations.length === 0) return undefined;
  const of = (kind: HeaderOperation["kind"]) => operations.filter((operation) => operation.kind === kind);
  const add = new Map<string, string[]>();
  for (const { name, value } of of("add")) add.set(name, [...(add.get(name) ?? []), value]);
  return {
    remove: of("remove").map(({ name }) => name),
    set: Object.fromEntries(of("set").map(({ name, value }) => [name, value])),
    add: Object.fromEntries(add),
  };
}

function clusterOf(cluster: ClusterSpec) {
  const { pool, retryBudget } = cluster;
  return {
    endpoints: cluster.endpoints.map(({ address, id, weight, maxConnections, priority, zone }) => {
      const where = formatAddress(address);
      return {
        address: where,
        id: unless(where, id),
        weight,
        maxConnections,
        priority,
        zone: zone === "" ? undefined : zone,
      };
    }),
    discover: discoveryOf(cluster.discover),
    balance: balanceOf(cluster.balance),
    ...stagesOf(cluster.stages),
    connect: { timeout: formatDuration(cluster.connectTimeoutMs), attempts: cluster.connectAttempts },
    pool: { maxIdle: pool.maxIdle, idle: formatDuration(pool.idleTimeoutMs) },
    health: healthOf(cluster.health),
    outlier: outlierOf(cluster.outlier),
    ...flowOf(cluster),
    loadReports: loadReportsOf(cluster.loadReports),
    persistence: persistenceOf(cluster.persistence),
    retryBudget: { percent: `${retryBudget.percent}%`, minimum: retryBudget.minimum },
  };
}
