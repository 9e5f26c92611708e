/**
 * What a cluster's endpoints amount to right now: who is in the choice, in which groups and with what shares. Made on the
 * main thread whenever states, weights or limits change, and handed to every worker as plain data: building it takes
 * milliseconds for thousands of endpoints, during which a worker would serve nobody, and all workers choose by the same.
 */
import { localityWeights } from "../balance/locality.js";
import { levelLoads } from "../balance/priority.js";
import { slowStartFactor } from "../balance/slow-start.js";
import { subsetWeights } from "../balance/subset.js";
import { buildTables, type PickerTables } from "../balance/tables.js";
import { LEAVING, UNUSABLE } from "../model/cells.js";
import type { ClusterSpec } from "../model/spec.js";
import type { EndpointStanding } from "./slots.js";

/** Endpoints among which one picker chooses: those of one priority level. */
export interface GroupPlan {
  /** Positions in the cluster's list of endpoints, ascending. */
  readonly members: Int32Array;
  /** In force, aligned with `members`: after subset, zones, reports and slow start; may be fractional. */
  readonly weights: Float64Array;
  /** Most at once, aligned with `members`; 0 = unlimited. */
  readonly limits: Int32Array;
  readonly tables: PickerTables;
  /** Share of the requests, 0 to 1; all groups together 1. A group with 0 is only used when the others have no room. */
  readonly share: number;
}

export interface Plan {
  /** By priority. Empty: nothing can be chosen. */
  readonly groups: readonly GroupPlan[];
  /** Some level has too few healthy endpoints, so that all of its endpoints are used. */
  readonly panic: boolean;
}

/** An endpoint as planning sees it. */
export interface EndpointInput extends EndpointStanding {
  /** For how long it has been usable, milliseconds; Infinity = it always was. */
  readonly usableMs: number;
  /** What its reports of its load make of its weight. */
  readonly factor: number;
}

interface Candidate {
  readonly index: number;
  readonly id: string;
  readonly zone: string;
  readonly weight: number;
  readonly isHealthy: boolean;
}

/** @param inputs in the order of `spec.endpoints` */
export function buildPlan(spec: ClusterSpec, inputs: readonly EndpointInput[]): Plan {
  const { overprovisioning, panicPercent } = spec.stages;
  const levels = findLevels(spec, inputs);
  const loads = levelLoads(
    levels.map((members) => ({ healthy: sum(members.filter(({ isHealthy }) => isHealthy)), total: sum(members) })),
    overprovisioning,
    panicPercent,
  );
  const groups = levels.map((members, i) => planLevel(spec, inputs, members, loads[i].panicking, loads[i].share));
  return {
    groups: groups.filter((group) => group.members.length > 0),
    panic: loads.some(({ panicking, share }) => panicking && share > 0),
  };
}

/** True while a slow start is under way: the plan will be another a moment later. */
export function isWarming(spec: ClusterSpec, inputs: readonly EndpointInput[]): boolean {
  const { slowStart } = spec.stages;
  return slowStart !== undefined && inputs.some(({ usableMs }) => usableMs < slowStart.windowMs);
}

/** By priority: who could be chosen at all, healthy or not, with the part of its weight that falls to this process. */
function findLevels(spec: ClusterSpec, inputs: readonly EndpointInput[]): Candidate[][] {
  const levels = new Map<number, Candidate[]>();
  spec.endpoints.forEach(({ id, zone, priority }, index) => {
    const { state, weight } = inputs[index];
    if (weight <= 0 || (state & LEAVING) !== 0) return;
    const candidate = { index, id, zone, weight, isHealthy: (state & UNUSABLE) === 0 };
    const level = levels.get(priority);
    if (level === undefined) levels.set(priority, [candidate]);
    else level.push(candidate);
  });
  const { subset } = spec.stages;
  const sorted = [...levels].sort(([a], [b]) => a - b).map(([, members]) => members);
  return subset === undefined ? sorted : sorted.map((members) => reweight(members, subsetWeights(members, subset)));
}

function planLevel(
  spec: ClusterSpec,
  inputs: readonly EndpointInput[],
  all: readonly Candidate[],
  panicking: boolean,
  share: number,
): GroupPlan {
  const { locality, overprovisioning, slowStart } = spec.stages;
  const members = all.map(({ zone, weight, isHealthy }) => ({ zone, weight, eligible: panicking || isHealthy }));
  const usable = reweight(all, localityWeights(members, locality, overprovisioning));
  const weights = usable.map(({ index, weight }) => {
    const { usableMs, factor } = inputs[index];
    return weight * factor * (slowStart === undefined ? 1 : slowStartFactor(usableMs, slowStart));
  });
  return {
    members: Int32Array.from(usable, ({ index }) => index),
    weights: Float64Array.from(weights),
    limits: Int32Array.from(usable, ({ index }) => inputs[index].maxActive),
    tables: buildTables(
      spec.balance,
      usable.map(({ id }, i) => ({ id, weight: weights[i] })),
      sum(all),
    ),
    share,
  };
}

/** With new weights; those that are left with none are out. */
function reweight(members: readonly Candidate[], weights: Float64Array): Candidate[] {
  return members.map((member, i) => ({ ...member, weight: weights[i] })).filter(({ weight }) => weight > 0);
}

function sum(members: readonly Candidate[]): number {
  return members.reduce((total, { weight }) => total + weight, 0);
}
