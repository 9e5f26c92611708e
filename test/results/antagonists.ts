/**
 * Twenty endpoints, each twice as slow for a fifth of the time because something else on its machine wants the CPU: the
 * situation for which Prequal was made (Wydrowski et al. 2024). Weighted round robin knows nothing of it.
 */
import type { BalanceName } from "../../src/model/spec.js";
import type { Latency } from "../../src/simulate/samples.js";
import { createBehaviour, SEED, simulate, subject, table, world } from "./world.js";

const SIZE = 20;
const SERVERS = 4;
/** Median 8 ms, sigma 0.7. */
const MEAN_MS = 8 * Math.exp(0.7 ** 2 / 2);
const PERIOD_MS = 2000;

const POLICIES = ["round-robin", "least-request", "peak-ewma", "prequal"] as const satisfies readonly BalanceName[];

/** @param load of what the endpoints could do if they were alone, 0 to 1 */
export function antagonists(policy: BalanceName, load: number, durationMs: number): Latency {
  const alone = createBehaviour({ service: { kind: "lognormal", medianMs: 8, sigma: 0.7 }, servers: SERVERS });
  const endpoints = Array.from({ length: SIZE }, (_, i) => {
    const changes = Array.from({ length: durationMs / PERIOD_MS }, (_, period) => ({
      atMs: period * PERIOD_MS,
      // Three periods further on for each endpoint: always a fifth of them is slow, and always another one.
      behaviour: { ...alone, slower: (period + i * 3) % 10 < 2 ? 2 : 1 },
    }));
    return [`e${i}`, { first: alone, changes }] as const;
  });
  const scenario = {
    ...world((load * SIZE * SERVERS * 1000) / MEAN_MS, durationMs, {}),
    endpoints: new Map(endpoints),
    roundTripMs: 0.5,
    warmupMs: durationMs / 10,
  };
  return simulate(subject(SIZE, policy), scenario, SEED).latency;
}

export function antagonistTable(full: boolean): string {
  const rows = (full ? [0.5, 0.7, 0.85] : [0.5]).flatMap((load) =>
    POLICIES.map((policy) => {
      const { mean, p50, p99, p999 } = antagonists(policy, load, full ? 120_000 : 4000);
      return [`${load * 100} %`, policy, ...[mean, p50, p99, p999].map((ms) => ms.toFixed(1))];
    }),
  );
  return table(["load", "policy", "mean ms", "p50", "p99", "p99.9"], rows);
}
