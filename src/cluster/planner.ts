/**
 * Keeps every cluster's plan up to date, on the main thread: asked for plans when a configuration is applied, told of
 * changes, and telling in turn whoever hands plans to workers. A cluster whose plan takes long to build is not planned all the
 * time: changes that come meanwhile make one plan together.
 */
import { reportFactors } from "../balance/report-weights.js";
import type { Clock } from "../base/clock.js";
import { UNUSABLE } from "../model/cells.js";
import type { ClusterSpec } from "../model/spec.js";
import { buildPlan, type EndpointInput, isWarming, type Plan } from "./plan.js";
import type { SlotTable } from "./slots.js";

/** A slow start proceeds in so many steps, but none shorter than this. */
const WARMING_STEPS = 20;
const LEAST_STEP_MS = 100;
/** Between two plans of one cluster pass at least so many times what building the last one took. */
const REST_FACTOR = 5;

/** How often reported loads are looked at; gRPC's default. */
const REPORTS_MS = 1000;

export interface PlannerOptions {
  readonly table: SlotTable;
  readonly clock: Clock;
  readonly onPlan: (cluster: string, plan: Plan) => void;
  /** So few endpoints are healthy that a level uses all of its own; respectively, that is over. */
  readonly onPanic: (cluster: string, panic: boolean) => void;
}

/** What is remembered of a cluster. */
interface Course {
  readonly spec: ClusterSpec;
  plan: Plan;
  /** What the plan was made of (see `basisOf`). */
  basis: Float64Array;
  /** When each endpoint, by id, became usable; undefined for those that are not. */
  readonly usableSince: Map<string, number | undefined>;
  /** When the next plan may be built. */
  restUntil: number;
  cancel: (() => void) | undefined;
}

const ALWAYS = Number.NEGATIVE_INFINITY;

export class Planner {
  readonly #options: PlannerOptions;
  #courses = new Map<string, Course>();

  constructor(options: PlannerOptions) {
    this.#options = options;
  }

  /** The plans for `clusters`, which were just assigned their slots; those that it planned before are forgotten. */
  assign(clusters: readonly ClusterSpec[]): ReadonlyMap<string, Plan> {
    const before = this.#courses;
    this.#courses = new Map();
    for (const spec of clusters) {
      const known = before.get(spec.name);
      // Where nothing has changed, not even which object describes it, its plan goes on.
      this.#courses.set(spec.name, known?.spec === spec ? known : this.#begin(spec, known));
    }
    for (const course of before.values()) {
      if (this.#courses.get(course.spec.name) !== course) course.cancel?.();
    }
    return new Map([...this.#courses].map(([name, { plan }]) => [name, plan]));
  }

  /** The plan in force; undefined for a cluster that was not assigned. */
  planOf(cluster: string): Plan | undefined {
    return this.#courses.get(cluster)?.plan;
  }

  /** A state, weight or limit of this cluster has changed. Plans at once, unless that was done a moment ago. */
  changed(cluster: string): void {
    const course = this.#courses.get(cluster);
    if (course === undefined) return;
    if (this.#options.clock.now() < course.restUntil) this.#schedule(course, course.restUntil);
    else this.#replan(course);
  }

  close(): void {
    this.assign([]);
  }

  #begin(spec: ClusterSpec, before: Course | undefined): Course {
    const course: Course = {
      spec,
      plan: { groups: [], panic: false },
      basis: new Float64Array(0),
      usableSince: new Map(),
      restUntil: 0,
      cancel: undefined,
    };
    const now = this.#options.clock.now();
    for (const { id } of spec.endpoints) {
      // A cluster that is new begins at full speed: there is nobody else to take the load meanwhile.
      const known = before === undefined ? ALWAYS : before.usableSince.has(id) ? before.usableSince.get(id) : now;
      course.usableSince.set(id, known);
    }
    this.#build(course, now);
    this.#tellPanic(course, before?.plan.panic ?? false);
    return course;
  }

  #schedule(course: Course, at: number): void {
    const { clock } = this.#options;
    course.cancel?.();
    course.cancel = clock.after(Math.max(0, at - clock.now()), () => this.#replan(course));
  }

  #replan(course: Course): void {
    course.cancel?.();
    course.cancel = undefined;
    const { plan } = course;
    this.#build(course, this.#options.clock.now());
    this.#tellPanic(course, plan.panic);
    if (course.plan !== plan) this.#options.onPlan(course.spec.name, course.plan);
  }

  #build(course: Course, now: number): void {
    const { spec } = course;
    const inputs = this.#look(course, now);
    const warming = isWarming(spec, inputs);
    const basis = basisOf(inputs);
    if (warming || !isSame(basis, course.basis)) {
      course.plan = buildPlan(spec, inputs);
      course.basis = warming ? new Float64Array(0) : basis;
      const { clock } = this.#options;
      course.restUntil = clock.now() + (clock.now() - now) * REST_FACTOR;
    }
    if (warming) {
      this.#schedule(course, now + Math.max(LEAST_STEP_MS, spec.stages.slowStart!.windowMs / WARMING_STEPS));
    } else if (spec.loadReports !== undefined) this.#schedule(course, now + REPORTS_MS);
  }

  /** @param before of the plan that this one replaces */
  #tellPanic({ spec, plan }: Course, before: boolean): void {
    if (plan.panic !== before) this.#options.onPanic(spec.name, plan.panic);
  }

  #look({ spec, usableSince }: Course, now: number): EndpointInput[] {
    const { table } = this.#options;
    const { loadReports } = spec;
    const standings = table.look(spec);
    const factors =
      loadReports === undefined
        ? undefined
        : reportFactors(
            standings.map(({ weight }) => weight),
            table.reports(spec, now, loadReports.maxAgeMs),
            loadReports.errorPenalty,
          );
    return standings.map((standing, index) => {
      const { id } = spec.endpoints[index];
      const isUsable = standing.weight > 0 && (standing.state & UNUSABLE) === 0;
      const since = isUsable ? (usableSince.get(id) ?? now) : undefined;
      usableSince.set(id, since);
      // Apart from the weight: subsets must not depend on what only this process was told.
      return { ...standing, usableMs: since === undefined ? 0 : now - since, factor: factors?.[index] ?? 1 };
    });
  }
}

/** All that makes a difference to a plan but the time: limits, weights, reports, and who is healthy or leaves. */
function basisOf(inputs: readonly EndpointInput[]): Float64Array {
  const basis = new Float64Array(inputs.length * 4);
  inputs.forEach(({ state, weight, maxActive, factor }, i) => {
    basis[i * 4] = state & UNUSABLE;
    basis[i * 4 + 1] = weight;
    basis[i * 4 + 2] = maxActive;
    basis[i * 4 + 3] = factor;
  });
  return basis;
}

function isSame(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
