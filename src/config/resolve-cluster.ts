/** One cluster of the Spec. */
import { formatAddress } from "../model/address.js";
import type { ClusterSpec, EndpointSpec } from "../model/spec.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import { resolveBalance, resolveStages } from "./resolve-balance.js";
import { resolveDiscovery } from "./resolve-discovery.js";
import { resolveFlow } from "./resolve-flow.js";
import { resolveHealth } from "./resolve-health.js";
import { resolveOutlier } from "./resolve-outlier.js";
import { resolveLoadReports, resolvePersistence } from "./resolve-persistence.js";
import type { File } from "./schema/file.js";

type ClusterFile = File["clusters"][number]["value"];

export function resolveCluster(name: string, cluster: ClusterFile, report: Report): ClusterSpec {
  const path: Path = ["clusters", name];
  const endpoints = resolveOwn(cluster, path, report);
  return {
    name,
    endpoints,
    discover: resolveDiscovery(cluster.discover, [...path, "discover"], report),
    balance: resolveBalance(cluster, [...path, "balance"], report),
    stages: resolveStages(cluster, path, report),
    connectTimeoutMs: cluster.connect.timeout,
    connectAttempts: cluster.connect.attempts,
    pool: { maxIdle: cluster.pool.maxIdle, idleTimeoutMs: cluster.pool.idle },
    health: resolveHealth(cluster.health, endpoints, [...path, "health"], report),
    outlier: resolveOutlier(cluster.outlier, [...path, "outlier"], report),
    ...resolveFlow(cluster, path, report),
    loadReports: resolveLoadReports(cluster.loadReports),
    persistence: resolvePersistence(cluster.persistence, [...path, "persistence"], report),
    retryBudget: { percent: cluster.retryBudget.percent, minimum: cluster.retryBudget.minimum },
  };
}

function resolveOwn({ endpoints, discover }: ClusterFile, path: Path, report: Report): EndpointSpec[] {
  if (endpoints === undefined && discover === undefined) {
    report("error", path, "the key endpoints is missing", "list them, or write discover: where they come from", "key");
  }
  const resolved = resolveEndpoints(endpoints ?? [], [...path, "endpoints"], report);
  if (discover !== undefined || endpoints === undefined) return resolved;
  if (resolved.length === 0) {
    report("warning", [...path, "endpoints"], "the cluster has no endpoint", "every request will get 503");
  } else if (resolved.every((endpoint) => endpoint.weight === 0)) {
    const hint = "all of them drain: nothing will be forwarded";
    report("warning", [...path, "endpoints"], "every endpoint has weight 0", hint);
  }
  return resolved;
}

type EndpointFile = NonNullable<ClusterFile["endpoints"]>[number];

/** @param path of the list */
export function resolveEndpoints(endpoints: readonly EndpointFile[], path: Path, report: Report): EndpointSpec[] {
  const ids = new Map<string, number>();
  const resolved = endpoints.map(({ id, ...endpoint }, index): EndpointSpec => {
    const spec = { ...endpoint, id: id ?? formatAddress(endpoint.address) };
    const same = ids.get(spec.id);
    if (same !== undefined) {
      const hint = id === undefined ? "for a larger share use weight" : undefined;
      report("error", [...path, index], `endpoint ${same + 1} is already ${spec.id}`, hint);
    }
    ids.set(spec.id, index);
    return spec;
  });
  return resolved;
}
