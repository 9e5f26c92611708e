/**
 * Watches all endpoints from the main thread: active checks, ejections for failing real traffic, and their end. Writes
 * the states that workers obey, and tells of every change with its reason. Decisions are made by the pure neighbours of
 * this folder; here they meet time and sockets.
 */
import type { Random } from "../../base/random.js";
import { formatAddress } from "../../model/address.js";
import { State } from "../../model/cells.js";
import type { FailureRow } from "../../model/outcome.js";
import type { ClusterSpec, EndpointSpec } from "../../model/spec.js";
import { DETECTORS, ROWS } from "../detectors.js";
import { countInRow } from "../outlier.js";
import type { ClusterHealth, EndpointHealth, HealthCounts } from "../report.js";
import { stateName } from "../state-name.js";
import { CheckCounts } from "./check-counts.js";
import { Checker, type Due } from "./checker.js";
import { Ejector } from "./ejector.js";
import type { Probe } from "./probe.js";
import { ProbeQueue } from "./probe-queue.js";
import { RateWatch, type Sampler } from "./rate-watch.js";
import { type TransitionOptions, Transitions } from "./transitions.js";
import { createGroup, createWatch, type Group, stop, type Watch } from "./watch.js";

export interface MonitorOptions extends TransitionOptions {
  readonly random: Random;
  readonly probe: Probe;
  /** Checks that may run at once. */
  readonly maxProbes: number;
  readonly sampler: Sampler;
}

export class HealthMonitor {
  readonly #transitions: Transitions;
  readonly #checkCounts = new CheckCounts();
  readonly #checker: Checker;
  readonly #ejector: Ejector;
  readonly #rates: RateWatch;
  readonly #groups = new Map<string, Group>();

  constructor(options: MonitorOptions) {
    this.#transitions = new Transitions(options);
    const context = { ...options, queue: new ProbeQueue(options.maxProbes) };
    this.#checker = new Checker(context, this.#transitions, this.#checkCounts);
    this.#ejector = new Ejector(this.#transitions);
    this.#rates = new RateWatch(options.clock, options.sampler, this.#ejector);
  }

  /** Begins to watch a set of clusters instead of the last one. Call after the board has taken the same set. */
  update(clusters: readonly ClusterSpec[]): void {
    const names = new Set(clusters.map((cluster) => cluster.name));
    for (const [name, group] of this.#groups) {
      if (names.has(name)) continue;
      for (const watch of group.watches.values()) stop(watch);
      group.rates.stop();
      this.#groups.delete(name);
      this.#checkCounts.forget(name);
      this.#ejector.forget(name);
    }
    const due = clusters.flatMap((spec) => this.#updateGroup(spec));
    due.forEach((one, index) => {
      this.#checker.start(one, index, due.length);
    });
  }

  /** A worker saw an endpoint reach the limit of one row of failures. */
  reportFailures(cluster: string, endpoint: string, row: FailureRow): void {
    const watch = this.#groups.get(cluster)?.watches.get(endpoint);
    if (watch === undefined) return;
    const { detector, of } = ROWS[row];
    this.#ejector.consider(watch, detector, `${watch.group.spec.outlier[row]} ${of} in a row`);
  }

  /** An operator drains the endpoint, or ends that. Stays so over reloads, as long as the endpoint stays. */
  hold(cluster: string, endpoint: string, held: boolean): void {
    const watch = this.#groups.get(cluster)?.watches.get(endpoint);
    if (watch === undefined) return;
    const reason = held ? "drained by an operator" : "no longer drained by an operator";
    this.#transitions.mark(watch, held ? State.HELD : 0, held ? 0 : State.HELD, reason, "operator");
  }

  status(): ClusterHealth[] {
    return [...this.#groups].map(([cluster, group]) => ({
      cluster,
      endpoints: [...group.watches.values()].map((watch) => this.#describe(watch)),
    }));
  }

  /** undefined for an endpoint that is not watched. */
  endpoint(cluster: string, id: string): EndpointHealth | undefined {
    const watch = this.#groups.get(cluster)?.watches.get(id);
    return watch === undefined ? undefined : this.#describe(watch);
  }

  /** What happened in a cluster since it has been watched. */
  counts(cluster: string): HealthCounts {
    const checks = this.#groups.get(cluster)?.spec.health.map(({ name }) => name) ?? [];
    return { checks: this.#checkCounts.of(cluster, checks), ejections: this.#ejector.counts(cluster, DETECTORS) };
  }

  close(): void {
    this.update([]);
  }

  #describe(watch: Watch): EndpointHealth {
    const now = this.#transitions.clock.now();
    return {
      id: watch.spec.id,
      address: formatAddress(watch.spec.address),
      state: watch.state,
      reason: watch.reason,
      forMs: now - watch.since,
      latencyMs: watch.latencyMs,
      ejections: countInRow(watch.ejections, watch.group.spec.outlier, now),
      weightPercent: watch.applied.percent,
      checks: watch.checks.map(({ spec, standing }) => ({
        name: spec.name,
        state: standing.state,
        reason: standing.reason,
      })),
    };
  }

  /** Returns the checks that have to be started. */
  #updateGroup(spec: ClusterSpec): Due[] {
    const group = this.#groups.get(spec.name) ?? createGroup(spec);
    this.#groups.set(spec.name, group);
    group.spec = spec;
    const ids = new Set(spec.endpoints.map((endpoint) => endpoint.id));
    for (const watch of group.watches.values()) if (!ids.has(watch.spec.id)) this.#forget(watch);
    const due = spec.endpoints.flatMap((endpoint) => {
      const known = group.watches.get(endpoint.id);
      if (known === undefined || formatAddress(known.spec.address) !== formatAddress(endpoint.address)) {
        if (known !== undefined) this.#forget(known);
        return this.#checker.follow(this.#watch(group, endpoint));
      }
      known.spec = endpoint;
      this.#transitions.refresh(known, `weight ${endpoint.weight}`, "configuration");
      return this.#checker.follow(known);
    });
    this.#rates.follow(group);
    return due;
  }

  #watch(group: Group, spec: EndpointSpec): Watch {
    const { board, clock } = this.#transitions;
    const cluster = group.spec.name;
    board.mark(cluster, spec.id, State.UNKNOWN, State.DOWN | State.EJECTED | State.RETIRING);
    board.clearFailures(cluster, spec.id);
    const reason = group.spec.health.length === 0 ? "no active check" : "not checked yet";
    const watch = createWatch(
      group,
      spec,
      stateName(board.state(cluster, spec.id) ?? State.UNKNOWN),
      reason,
      clock.now(),
    );
    group.watches.set(spec.id, watch);
    group.counts[watch.state]++;
    return watch;
  }

  #forget(watch: Watch): void {
    stop(watch);
    this.#checker.release(watch);
    watch.group.watches.delete(watch.spec.id);
    watch.group.counts[watch.state]--;
  }
}
