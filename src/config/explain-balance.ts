/** A cluster's policy and stages, written as a file again. */
import type { BalanceSpec, HashKey, StagesSpec } from "../model/spec.js";
import { READERS } from "./resolve-balance.js";
import { formatDuration } from "./units.js";

/** Only what the policy reads: loading refuses the rest. */
export function balanceOf(balance: BalanceSpec) {
  const { policy } = balance;
  const { candidates, hotQuantile, staleMs } = balance.prequal;
  const all: { readonly [K in keyof typeof READERS]: unknown } = {
    hashOn: balance.hashOn.map(hashKeyOf),
    boundedLoad: balance.boundedLoad === 0 ? "none" : balance.boundedLoad,
    tableSize: balance.tableSize,
    decay: formatDuration(balance.decayMs),
    penalty: formatDuration(balance.penaltyMs),
    candidates,
    hotQuantile,
    stale: formatDuration(staleMs),
  };
  const read = Object.entries(all).filter(([key]) => READERS[key as keyof typeof READERS].includes(policy));
  return read.length === 0 ? policy : { policy, ...Object.fromEntries(read) };
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
