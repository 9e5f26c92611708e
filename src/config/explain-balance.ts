/** A cluster's policy and stages, written as a file again. */
import type { BalanceSpec, HashKey, StagesSpec } from "../model/spec.js";
import { formatDuration } from "./units.js";

/** Only what the policy reads: loading refuses the rest. */
export function balanceOf(balance: BalanceSpec) {
  const { policy } = balance;
  if (balance.hashOn.length === 0) return policy;
  return {
    policy,
    hashOn: policy === "source-address" ? undefined : balance.hashOn.map(hashKeyOf),
    boundedLoad: balance.boundedLoad === 0 ? "none" : balance.boundedLoad,
  };
}

export function hashKeyOf(key: HashKey) {
  return "name" in key ? { [key.from]: key.name } : key.from;
}

export function stagesOf({ overprovisioning, panicPercent, locality, subset, slowStart }: StagesSpec) {
  return {
    failover: { overprovisioning, panic: `${panicPercent}%` },
    locality: {
      mode: locality.mode,
      own: locality.own === "" ? undefined : locality.own,
      weights: Object.fromEntries(locality.weights.map(({ zone, weight }) => [zone, weight])),
    },
    subset,
    slowStart:
      slowStart === undefined
        ? undefined
        : {
            window: formatDuration(slowStart.windowMs),
            aggression: slowStart.aggression,
            min: `${slowStart.minPercent}%`,
          },
  };
}
