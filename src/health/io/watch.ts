/** What the monitor remembers of a cluster and of each of its endpoints. */
import type { ClusterSpec, EndpointSpec, HealthSpec } from "../../model/spec.js";
import { type Ejections, NEVER_EJECTED } from "../outlier.js";
import type { Figures } from "../rates.js";
import type { Standing } from "../standing.js";
import type { StateName } from "../state-name.js";

export const nothing = (): void => {};

export interface Group {
  spec: ClusterSpec;
  readonly watches: Map<string, Watch>;
  /** Endpoints by state. */
  readonly counts: { [S in StateName]: number };
  /** The figures as of the last look at them, with or without response times; interval 0 = nobody looks. */
  readonly rates: { intervalMs: number; timed: boolean; before: Map<string, Figures>; stop: () => void };
}

export interface Watch {
  readonly group: Group;
  spec: EndpointSpec;
  /** In the order of the cluster's spec. */
  checks: readonly Check[];
  ejections: Ejections;
  state: StateName;
  reason: string;
  since: number;
  latencyMs: number | undefined;
  /** What was last told of it by whom without a change of state: told once, until its state changes. */
  readonly told: Map<string, string>;
  /** Weight and limit as the board has them. */
  readonly applied: { percent: number; maxActive: number };
  stopEjection: () => void;
}

/** What an agent may ask for: new work or none, percent of the weight, and most at once (0 = as configured). */
export interface Asked {
  ready: boolean;
  percent: number;
  maxActive: number;
}

/** One check of one endpoint. */
export interface Check {
  readonly spec: HealthSpec;
  standing: Standing;
  /** What an agent asked for last. */
  readonly asked: Asked;
  stop: () => void;
}

export function createGroup(spec: ClusterSpec): Group {
  return {
    spec,
    watches: new Map(),
    counts: { draining: 0, down: 0, ejected: 0, unknown: 0, up: 0 },
    rates: { intervalMs: 0, timed: false, before: new Map(), stop: nothing },
  };
}

export function createWatch(group: Group, spec: EndpointSpec, state: StateName, reason: string, now: number): Watch {
  return {
    group,
    spec,
    checks: [],
    ejections: NEVER_EJECTED,
    state,
    reason,
    since: now,
    latencyMs: undefined,
    told: new Map(),
    applied: { percent: 100, maxActive: 0 },
    stopEjection: nothing,
  };
}

export function stop(watch: Watch): void {
  for (const check of watch.checks) check.stop();
  watch.stopEjection();
}
