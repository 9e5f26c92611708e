/** A cluster's policy and stages. A key that the policy does not read is an error: it would look as if it did something. */
import type { BalanceName, BalanceSpec, StagesSpec } from "../model/spec.js";
import { DEFAULTS } from "./defaults.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import type { File } from "./schema/file.js";
import { parseDuration } from "./units.js";

type ClusterFile = File["clusters"][number]["value"];
type BalanceFile = ClusterFile["balance"];

const LATENCY: readonly BalanceName[] = ["peak-ewma", "least-time", "prequal"];
const HASHING: readonly BalanceName[] = ["ring-hash", "maglev", "rendezvous", "source-address"];

/** Which policies read a key; `policy` itself belongs to all. */
export const READERS: { readonly [K in Exclude<keyof BalanceFile, "policy">]-?: readonly BalanceName[] } = {
  hashOn: HASHING.filter((name) => name !== "source-address"),
  boundedLoad: HASHING,
  tableSize: ["maglev"],
  decay: LATENCY,
  penalty: LATENCY,
  candidates: ["prequal"],
  hotQuantile: ["prequal"],
  stale: ["prequal"],
};

export function resolveBalance(cluster: ClusterFile, path: Path, report: Report): BalanceSpec {
  const { balance, endpoints = [] } = cluster;
  const { policy } = balance;
  for (const [key, readers] of Object.entries(READERS)) {
    if (balance[key as keyof typeof READERS] === undefined || readers.includes(policy)) continue;
    const hint = policy === "source-address" ? "write policy: ring-hash" : `${readers.join(", ")} can`;
    report("error", [...path, key], `${policy} has no use for ${key}`, hint, "key");
  }
  if (balance.hashOn?.length === 0) report("error", [...path, "hashOn"], "there is nothing to hash", "write [source]");
  if (cluster.loadReports !== undefined && HASHING.includes(policy)) {
    const hint = "weights that change all the time would move keys";
    report("error", [...path.slice(0, -1), "loadReports"], `${policy} has no use for loadReports`, hint, "key");
  }
  const tableSize = balance.tableSize ?? DEFAULTS.balance.tableSize.value;
  if (policy === "maglev" && endpoints.length > tableSize) {
    report("error", [...path, "tableSize"], `${endpoints.length} endpoints do not fit ${tableSize} entries`);
  }
  if (
    policy === "first" &&
    endpoints.length > 1 &&
    Math.max(endpoints[0].maxConnections, cluster.limits.perEndpoint.requests) === 0
  ) {
    report("warning", path, "the first endpoint has no limit: it gets everything", "give it maxConnections");
  }
  return {
    policy,
    hashOn: HASHING.includes(policy) ? (balance.hashOn ?? [{ from: DEFAULTS.balance.hashOn.value[0] }]) : [],
    boundedLoad: balance.boundedLoad ?? 0,
    tableSize,
    decayMs: balance.decay ?? (parseDuration(DEFAULTS.balance.decay.value) as number),
    penaltyMs: balance.penalty ?? (parseDuration(DEFAULTS.balance.penalty.value) as number),
    prequal: {
      candidates: balance.candidates ?? DEFAULTS.balance.candidates.value,
      hotQuantile: balance.hotQuantile ?? DEFAULTS.balance.hotQuantile.value,
      staleMs: balance.stale ?? (parseDuration(DEFAULTS.balance.stale.value) as number),
    },
  };
}

export function resolveStages(cluster: ClusterFile, path: Path, report: Report): StagesSpec {
  const { failover, locality, slowStart } = cluster;
  const zones = new Set(cluster.endpoints?.map((endpoint) => endpoint.zone));
  if (locality.mode === "nearest" && locality.own === "") {
    report("error", [...path, "locality"], "nearest needs to know where this process is", "add own: ZONE");
  }
  for (const { name } of locality.weights) {
    // A source may name endpoints in any zone.
    if (zones.has(name) || cluster.discover !== undefined) continue;
    report("warning", [...path, "locality", "weights", name], `no endpoint is in the zone ${name}`, undefined, "key");
  }
  return {
    overprovisioning: failover.overprovisioning,
    panicPercent: failover.panic,
    locality: {
      mode: locality.mode,
      own: locality.own,
      weights: locality.weights.map(({ name, value }) => ({ zone: name, weight: value })),
    },
    subset: cluster.subset,
    slowStart:
      slowStart === undefined
        ? undefined
        : { windowMs: slowStart.window, aggression: slowStart.aggression, minPercent: slowStart.min },
  };
}
