/** 32 endpoints of one server each at 90 %: what a request waits under each policy, and what theory says of it. */
import type { BalanceName } from "../../src/model/spec.js";
import type { Latency } from "../../src/simulate/samples.js";
import { erlangC } from "../../src/testing/queueing.js";
import { SEED, simulate, subject, table, world } from "./world.js";

export const SERVICE_MS = 10;
const SIZE = 32;
const LOAD = 0.9;

export const POLICIES = ["random", "round-robin", "p2c", "least-request"] as const satisfies readonly BalanceName[];
type Policy = (typeof POLICIES)[number];

export function queue(policy: Policy, requests: number): Latency {
  const perSecond = (SIZE * LOAD * 1000) / SERVICE_MS;
  const durationMs = (requests * 1000) / perSecond;
  const scenario = { ...world(perSecond, durationMs, { servers: 1 }), warmupMs: durationMs / 20 };
  return simulate(subject(SIZE, policy), scenario, SEED).latency;
}

/** Mean time from arrival to answer, milliseconds; for least-request a bound from below. */
export function theory(policy: Policy): number {
  switch (policy) {
    case "random":
      // M/M/1.
      return SERVICE_MS / (1 - LOAD);
    case "round-robin":
      return SERVICE_MS / (1 - erlangRoot());
    case "p2c":
      return SERVICE_MS * supermarket();
    case "least-request":
      // No policy beats one queue for all servers: M/M/32.
      return SERVICE_MS * (1 + erlangC(SIZE, SIZE * LOAD) / (SIZE * (1 - LOAD)));
  }
}

/** Each endpoint sees every 32nd arrival, an Erlang distribution: the root of GI/M/1. */
function erlangRoot(): number {
  let root = 0.5;
  for (let i = 0; i < 1000; i++) root = ((SIZE * LOAD) / (SIZE * LOAD + 1 - root)) ** SIZE;
  return root;
}

/** Mitzenmacher 1996, for two choices and infinitely many endpoints. */
function supermarket(): number {
  let sum = 0;
  for (let i = 1; i < 30; i++) sum += LOAD ** (2 ** i - 2);
  return sum;
}

const THEORY: Readonly<Record<Policy, string>> = {
  random: "M/M/1",
  "round-robin": "E32/M/1",
  p2c: "supermarket model",
  "least-request": "at least M/M/32",
};

export function queueTable(full: boolean): string {
  const rows = POLICIES.map((policy) => {
    const { mean, p50, p99, p999 } = queue(policy, full ? 1_000_000 : 10_000);
    const figures = [mean, theory(policy), p50, p99, p999].map((ms) => ms.toFixed(1));
    return [policy, figures[0], `${figures[1]} (${THEORY[policy]})`, ...figures.slice(2)];
  });
  return table(["policy", "mean ms", "theory ms", "p50", "p99", "p99.9"], rows);
}
