/** One of three endpoints is 20 times slower than the others: what do clients notice? */
import type { BalanceName } from "../../src/model/spec.js";
import { createScript, SEED, simulate, subject, table, world } from "./world.js";

export interface Slow {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Of all requests, what the slow one got. */
  readonly share: number;
}

export function oneSlow(policy: BalanceName, durationMs: number): Slow {
  const behaviour = { service: { kind: "lognormal", medianMs: 5, sigma: 0.5 } } as const;
  const scenario = {
    ...world(600, durationMs, behaviour),
    roundTripMs: 0.5,
    warmupMs: durationMs / 10,
    endpoints: new Map([["e1", createScript({ ...behaviour, slower: 20 })]]),
  };
  const { latency, endpoints } = simulate(subject(3, policy), scenario, SEED);
  return { ...latency, share: endpoints[1].share };
}

const POLICIES = [
  "round-robin",
  "random",
  "p2c",
  "least-request",
  "peak-ewma",
  "least-time",
  "prequal",
] as const satisfies readonly BalanceName[];

export function slowTable(full: boolean): string {
  const rows = POLICIES.map((policy) => {
    const { mean, p50, p99, p999, share } = oneSlow(policy, full ? 600_000 : 20_000);
    return [policy, ...[mean, p50, p99, p999].map((ms) => ms.toFixed(1)), `${(share * 100).toFixed(1)} %`];
  });
  return table(["policy", "mean ms", "p50", "p99", "p99.9", "share of the slow one"], rows);
}
