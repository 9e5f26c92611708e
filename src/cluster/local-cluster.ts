/**
 * A cluster whose states and choices live in one thread: for simulation, tests and embedding. What the main thread and a
 * worker do apart in the proxy meets here, on the clock that is given.
 */
import type { Clock } from "../base/clock.js";
import type { Random } from "../base/random.js";
import type { ClusterSpec } from "../model/spec.js";
import { Cluster, type ClusterEvents } from "./cluster.js";
import { Planner } from "./planner.js";
import { createShared, type SharedState } from "./shared.js";
import { SlotTable } from "./slots.js";

export interface LocalCluster<Data> {
  readonly cluster: Cluster<Data>;
  /** Where states are marked: a `StateBoard` for a health monitor. */
  readonly table: SlotTable;
  readonly shared: SharedState;
  /** Ends what is planned on the clock. */
  close(): void;
}

export function createLocalCluster<Data = unknown>(
  spec: ClusterSpec,
  random: Random,
  events: ClusterEvents,
  clock: Clock,
  onPanic: (panic: boolean) => void = () => {},
): LocalCluster<Data> {
  const shared = createShared(1);
  const table: SlotTable = new SlotTable(shared, (name) => planner.changed(name));
  const planner = new Planner({
    table,
    clock,
    onPlan: (_, plan) => cluster.follow(plan),
    onPanic: (_, panic) => onPanic(panic),
  });
  const slots = table.assign([spec]).get(spec.name)!;
  const plan = planner.assign([spec]).get(spec.name)!;
  const cluster = new Cluster<Data>({ spec, slots, plan, shared, worker: 0, random, events });
  table.commit();
  return { cluster, table, shared, close: () => planner.close() };
}
