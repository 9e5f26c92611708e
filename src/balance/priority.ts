/**
 * Priority levels, as Envoy has them: a level carries what its healthy part can take, the next one the rest. The factor
 * for overprovisioning says how much of a level may be missing before the next one helps: with 1.4 that is 28 percent.
 */
import { isPanicking } from "./panic.js";

/** One level's endpoints, as a sum of weights. */
export interface Level {
  readonly healthy: number;
  readonly total: number;
}

export interface LevelLoad {
  /** Share of all requests, 0..1; together 1 unless there is no endpoint at all. */
  readonly share: number;
  /** All of its endpoints are used, healthy or not. */
  readonly panicking: boolean;
}

/** @param levels by priority, the first is preferred; levels without endpoints may be among them */
export function levelLoads(levels: readonly Level[], overprovisioning: number, panicPercent: number): LevelLoad[] {
  const capacities = levels.map(({ healthy, total }) =>
    total > 0 ? Math.min(1, (overprovisioning * healthy) / total) : 0,
  );
  const capacity = Math.min(1, sum(capacities));
  // While all levels together can carry everything, there is no need to trust an unhealthy endpoint.
  const panics = levels.map(({ healthy, total }) => capacity < 1 && isPanicking(healthy, total, panicPercent));
  const isHopeless = levels.every(({ total }, i) => total <= 0 || panics[i]);
  if (isHopeless) {
    const all = sum(levels.map(({ total }) => Math.max(0, total)));
    return levels.map(({ total }) => ({ share: total > 0 ? total / all : 0, panicking: total > 0 }));
  }
  let left = 1;
  const last = capacities.findLastIndex((own) => own > 0);
  return capacities.map((own, i) => {
    // The last one takes what rounding leaves over.
    const share = i === last ? left : Math.min(left, own / capacity);
    left -= share;
    return { share, panicking: panics[i] && own > 0 };
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
