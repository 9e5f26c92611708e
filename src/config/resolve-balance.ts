/** A cluster's policy and stages. A key that the policy does not read is an error: it would look as if it did something. */
import type { BalanceSpec, StagesSpec } from "../model/spec.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import type { File } from "./schema/file.js";

type ClusterFile = File["clusters"][number]["value"];
type BalanceFile = ClusterFile["balance"];

/** Which policies read a key; `policy` itself belongs to all. */
const READERS: { readonly [K in Exclude<keyof BalanceFile, "policy">]-?: readonly BalanceSpec["policy"][] } = {
  hashOn: ["ring-hash"],
  boundedLoad: ["ring-hash", "source-address"],
};

export function resolveBalance(balance: BalanceFile, path: Path, report: Report): BalanceSpec {
  const { policy } = balance;
  for (const [key, readers] of Object.entries(READERS)) {
    if (balance[key as keyof typeof READERS] === undefined || readers.includes(policy)) continue;
    const hint = policy === "source-address" ? "write policy: ring-hash" : `${readers.join(", ")} can`;
    report("error", [...path, key], `${policy} has no use for ${key}`, hint, "key");
  }
  if (balance.hashOn?.length === 0) report("error", [...path, "hashOn"], "there is nothing to hash", "write [source]");
  return {
    policy,
    hashOn: READERS.boundedLoad.includes(policy) ? (balance.hashOn ?? [{ from: "source" }]) : [],
    boundedLoad: balance.boundedLoad ?? 0,
    tableSize: 65_537,
    decayMs: 10_000,
    penaltyMs: 1000,
    prequal: { candidates: 4, hotQuantile: 0.84, staleMs: 10_000 },
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
