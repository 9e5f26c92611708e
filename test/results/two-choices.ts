/** n requests for n endpoints that never finish: how many has the one with the most? (Azar et al. 1994, Mitzenmacher 1996) */
import type { BalanceName } from "../../src/model/spec.js";
import { SEED, simulate, subject, table, world } from "./world.js";

const SEEDS = 5;

export interface Balls {
  readonly endpoints: number;
  readonly random: number;
  readonly twoChoices: number;
}

/** Mean over the seeds of the most that any endpoint has. */
function mostOf(endpoints: number, policy: BalanceName): number {
  const scenario = {
    ...world(0, 1000, { service: { kind: "constant", ms: 3_600_000 } }),
    // The last one comes at the end and is not counted: hence one more.
    arrivals: { kind: "constant", perSecond: endpoints + 1 } as const,
  };
  let sum = 0;
  for (let i = 0; i < SEEDS; i++) {
    const figures = simulate(subject(endpoints, policy), scenario, SEED + i);
    sum += figures.endpoints.reduce((most, { activePeak }) => Math.max(most, activePeak), 0);
  }
  return sum / SEEDS;
}

export function throwBalls(sizes: readonly number[]): Balls[] {
  return sizes.map((endpoints) => ({
    endpoints,
    random: mostOf(endpoints, "random"),
    twoChoices: mostOf(endpoints, "p2c"),
  }));
}

export function ballTable(full: boolean): string {
  const rows = throwBalls(full ? [100, 1000, 10_000] : [100]).map(({ endpoints, random, twoChoices }) => [
    endpoints,
    random.toFixed(1),
    (Math.log(endpoints) / Math.log(Math.log(endpoints))).toFixed(1),
    twoChoices.toFixed(1),
    (Math.log(Math.log(endpoints)) / Math.LN2).toFixed(1),
  ]);
  return table(["endpoints", "random", "ln n / ln ln n", "p2c", "ln ln n / ln 2"], rows);
}
