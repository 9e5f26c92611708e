/** From where a choice is explained: the state of a running process, or what its configuration alone would make of it. */
import type { Clock } from "../../base/clock.js";
import type { Plan } from "../../cluster/plan.js";
import { Planner } from "../../cluster/planner.js";
import { createShared, type SharedState } from "../../cluster/shared.js";
import { type ClusterSlots, SlotTable } from "../../cluster/slots.js";
import type { ClusterSpec, Spec } from "../../model/spec.js";

/** A cluster as it is at a moment. Only read: explaining changes nothing. */
export interface Standpoint {
  readonly spec: ClusterSpec;
  readonly slots: ClusterSlots;
  readonly plan: Plan;
  readonly shared: SharedState;
  readonly live: boolean;
  /** Milliseconds of the process's clock. */
  readonly now: number;
  /** Why the endpoint is in the state that it is in; empty where nobody knows. */
  readonly reasonOf: (endpoint: string) => string;
}

/** undefined for a cluster that there is not. */
export type Standpoints = (cluster: string) => Standpoint | undefined;

const STILL: Clock = { now: () => 0, after: () => () => {} };

/** Nothing is in flight, and every endpoint is as good as the next. */
export function configuredStandpoints(spec: Spec): Standpoints {
  const shared = createShared(1);
  const table = new SlotTable(shared, () => {});
  const slots = table.assign(spec.clusters);
  const plans = new Planner({ table, clock: STILL, onPlan: () => {}, onPanic: () => {} }).assign(spec.clusters);
  table.commit();
  const specs = new Map(spec.clusters.map((cluster) => [cluster.name, cluster]));
  return (name) => {
    const cluster = specs.get(name);
    if (cluster === undefined) return undefined;
    const parts = { spec: cluster, slots: slots.get(name)!, plan: plans.get(name)!, shared };
    return { ...parts, live: false, now: 0, reasonOf: () => "" };
  };
}

/** @param reasonOf of a cluster's endpoint */
export function liveStandpoints(
  spec: Spec,
  table: SlotTable,
  planner: Planner,
  shared: SharedState,
  now: number,
  reasonOf: (cluster: string, endpoint: string) => string,
): Standpoints {
  return (name) => {
    const cluster = spec.clusters.find((known) => known.name === name);
    const slots = table.slotsOf(name);
    const plan = planner.planOf(name);
    if (cluster === undefined || slots === undefined || plan === undefined) return undefined;
    return { spec: cluster, slots, plan, shared, live: true, now, reasonOf: (endpoint) => reasonOf(name, endpoint) };
  };
}
