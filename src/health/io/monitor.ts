/**
 * Watches all endpoints from the main thread: active checks, ejections for failing real traffic, and their end. Writes
 * the states that workers obey, and tells of every change with its reason. Decisions are made by the pure neighbours of
 * this folder; here they meet time and sockets.
 */
import type { Clock } from "../../base/clock.js";
import type { Random } from "../../base/random.js";
import { formatAddress } from "../../model/address.js";
import { State } from "../../model/cells.js";
import type { FailureRow } from "../../model/outcome.js";
import type { ClusterSpec, EndpointSpec } from "../../model/spec.js";
import { countInRow, decide, type Ejections, NEVER_EJECTED } from "../outlier.js";
import type { ClusterHealth, EndpointHealth, HealthEvent, StateBoard } from "../report.js";
import { firstDelay } from "../schedule.js";
import { advance, isUnsettled, UNKNOWN_STANDING, type Verdict } from "../standing.js";
import { stateName } from "../state-name.js";
import { type CheckContext, runChecks } from "./check-loop.js";
import type { Probe } from "./probe.js";
import { ProbeQueue } from "./probe-queue.js";
import { createGroup, type Group, stop, type Watch } from "./watch.js";

export interface MonitorOptions {
  readonly board: StateBoard;
  readonly clock: Clock;
  readonly random: Random;
  readonly probe: Probe;
  /** Checks that may run at once. */
  readonly maxProbes: number;
  readonly onEvent: (event: HealthEvent) => void;
  /** Every endpoint of the cluster is bad, so that all are used; respectively, that is over. */
  readonly onPanic: (cluster: string, panic: boolean) => void;
}

const ROWS: { readonly [R in FailureRow]: string } = {
  consecutiveFailures: "failures",
  consecutive5xx: "answers of 500 or above",
  consecutiveLocal: "connect failures, resets or timeouts",
};

const nothing = (): void => {};

export class HealthMonitor {
  readonly #options: MonitorOptions;
  readonly #checks: CheckContext;
  readonly #groups = new Map<string, Group>();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#checks = { ...options, queue: new ProbeQueue(options.maxProbes) };
  }

  /** Begins to watch a set of clusters instead of the last one. Call after the board has taken the same set. */
  update(clusters: readonly ClusterSpec[]): void {
    const names = new Set(clusters.map((cluster) => cluster.name));
    for (const [name, group] of this.#groups) {
      if (names.has(name)) continue;
      for (const watch of group.watches.values()) stop(watch);
      this.#groups.delete(name);
    }
    const toCheck = clusters.flatMap((spec) => this.#updateGroup(spec));
    toCheck.forEach((watch, index) => {
      this.#startChecks(watch, index, toCheck.length);
    });
  }

  /** A worker saw an endpoint reach the limit of one row of failures. */
  reportFailures(cluster: string, endpoint: string, row: FailureRow): void {
    const group = this.#groups.get(cluster);
    const watch = group?.watches.get(endpoint);
    if (group === undefined || watch === undefined || (watch.state !== "up" && watch.state !== "unknown")) return;
    const { outlier } = group.spec;
    const { counts } = group;
    const around = { endpoints: group.watches.size, ejected: counts.ejected, usable: counts.up + counts.unknown };
    const cause = `${outlier[row]} ${ROWS[row]} in a row`;
    const decision = decide(watch.ejections, around, outlier, this.#options.clock.now());
    if (decision.eject) this.#eject(watch, decision.ejections, cause);
    else this.#spare(watch, `${cause}, but not ejected: ${decision.reason}`);
  }

  /** An operator drains the endpoint, or ends that. Stays so over reloads, as long as the endpoint stays. */
  hold(cluster: string, endpoint: string, held: boolean): void {
    this.#options.board.mark(cluster, endpoint, held ? State.HELD : 0, held ? 0 : State.HELD);
    const watch = this.#groups.get(cluster)?.watches.get(endpoint);
    if (watch !== undefined) this.#refresh(watch, held ? "drained by an operator" : "no longer drained by an operator");
  }

  status(): ClusterHealth[] {
    return [...this.#groups].map(([cluster, group]) => ({
      cluster,
      panic: group.panic,
      endpoints: [...group.watches.values()].map((watch) => this.#describe(watch)),
    }));
  }

  /** undefined for an endpoint that is not watched. */
  endpoint(cluster: string, id: string): EndpointHealth | undefined {
    const watch = this.#groups.get(cluster)?.watches.get(id);
    return watch === undefined ? undefined : this.#describe(watch);
  }

  close(): void {
    this.update([]);
  }

  #describe(watch: Watch): EndpointHealth {
    return {
      id: watch.spec.id,
      address: formatAddress(watch.spec.address),
      state: watch.state,
      reason: watch.reason,
      forMs: this.#options.clock.now() - watch.since,
      latencyMs: watch.latencyMs,
      ejections: countInRow(watch.ejections, watch.group.spec.outlier, this.#options.clock.now()),
    };
  }

  /** Returns the watches whose checks have to be started. */
  #updateGroup(spec: ClusterSpec): Watch[] {
    const group = this.#groups.get(spec.name) ?? createGroup(spec);
    this.#groups.set(spec.name, group);
    const checksChanged = !isSame(group.spec.health, spec.health);
    group.spec = spec;
    const ids = new Set(spec.endpoints.map((endpoint) => endpoint.id));
    for (const watch of group.watches.values()) if (!ids.has(watch.spec.id)) this.#forget(watch);
    const toCheck: Watch[] = [];
    for (const endpoint of spec.endpoints) {
      const known = group.watches.get(endpoint.id);
      if (known !== undefined && isSame(known.spec.address, endpoint.address)) {
        known.spec = endpoint;
        if (checksChanged) toCheck.push(this.#recheck(known));
        this.#refresh(known, `weight ${endpoint.weight}`);
      } else {
        if (known !== undefined) this.#forget(known);
        toCheck.push(this.#watch(group, endpoint));
      }
    }
    this.#refreshPanic(group);
    return spec.health === undefined ? [] : toCheck;
  }

  #watch(group: Group, spec: EndpointSpec): Watch {
    const { board, clock } = this.#options;
    board.mark(group.spec.name, spec.id, State.UNKNOWN, State.DOWN | State.EJECTED);
    board.clearFailures(group.spec.name, spec.id);
    const watch: Watch = {
      group,
      spec,
      standing: UNKNOWN_STANDING,
      ejections: NEVER_EJECTED,
      state: stateName(board.state(group.spec.name, spec.id) ?? State.UNKNOWN),
      reason: group.spec.health === undefined ? "no active check" : UNKNOWN_STANDING.reason,
      since: clock.now(),
      latencyMs: undefined,
      spared: "",
      stopChecks: nothing,
      stopEjection: nothing,
    };
    group.watches.set(spec.id, watch);
    group.counts[watch.state]++;
    return watch;
  }

  #forget(watch: Watch): void {
    stop(watch);
    watch.group.watches.delete(watch.spec.id);
    watch.group.counts[watch.state]--;
  }

  /** New rules for checking do not make a dead endpoint alive; without any rules nobody can say that it is dead. */
  #recheck(watch: Watch): Watch {
    watch.stopChecks();
    watch.stopChecks = nothing;
    watch.standing = watch.group.spec.health === undefined ? UNKNOWN_STANDING : { ...watch.standing, against: 0 };
    this.#writeStanding(watch, "the check was removed");
    return watch;
  }

  #startChecks(watch: Watch, index: number, count: number): void {
    const { health } = watch.group.spec;
    if (health === undefined) return;
    const delay = firstDelay(index, count, health, this.#options.random);
    watch.stopChecks = runChecks(this.#checks, watch.spec.address, health, delay, (verdict) => {
      watch.latencyMs = verdict.latencyMs;
      return this.#judge(watch, verdict, health);
    });
  }

  #judge(watch: Watch, verdict: Verdict, thresholds: { readonly rise: number; readonly fall: number }): boolean {
    const before = watch.standing.state;
    watch.standing = advance(watch.standing, verdict, thresholds);
    if (watch.standing.state !== before) {
      if (before === "down") this.#options.board.clearFailures(watch.group.spec.name, watch.spec.id);
      this.#writeStanding(watch, watch.standing.reason);
    }
    return isUnsettled(watch.standing);
  }

  #writeStanding(watch: Watch, reason: string): void {
    const { state } = watch.standing;
    const set = state === "down" ? State.DOWN : state === "unknown" ? State.UNKNOWN : 0;
    this.#options.board.mark(watch.group.spec.name, watch.spec.id, set, (State.DOWN | State.UNKNOWN) & ~set);
    this.#refresh(watch, reason);
  }

  #eject(watch: Watch, ejections: Ejections, cause: string): void {
    const { board, clock } = this.#options;
    const name = watch.group.spec.name;
    watch.ejections = ejections;
    board.mark(name, watch.spec.id, State.EJECTED, 0);
    this.#refresh(watch, `${cause}, ejected for ${ejections.durationMs} ms`);
    watch.stopEjection = clock.after(ejections.durationMs, () => {
      board.clearFailures(name, watch.spec.id);
      board.mark(name, watch.spec.id, 0, State.EJECTED);
      this.#refresh(watch, `ejection of ${ejections.durationMs} ms is over`);
    });
  }

  #spare(watch: Watch, reason: string): void {
    if (watch.spared === reason) return;
    watch.spared = reason;
    const { state } = watch;
    this.#options.onEvent({
      cluster: watch.group.spec.name,
      endpoint: watch.spec.id,
      from: state,
      to: state,
      reason,
    });
  }

  /** Takes over what the board says now, and tells of it if it has changed. */
  #refresh(watch: Watch, reason: string): void {
    const { group, state: from } = watch;
    const cluster = group.spec.name;
    const to = stateName(this.#options.board.state(cluster, watch.spec.id) ?? State.UNKNOWN);
    if (to === from) return;
    group.counts[from]--;
    group.counts[to]++;
    watch.state = to;
    watch.reason = reason;
    watch.since = this.#options.clock.now();
    watch.spared = "";
    this.#options.onEvent({ cluster, endpoint: watch.spec.id, from, to, reason });
    this.#refreshPanic(group);
  }

  #refreshPanic(group: Group): void {
    const { up, unknown, down, ejected } = group.counts;
    const panic = up + unknown === 0 && down + ejected > 0;
    if (panic === group.panic) return;
    group.panic = panic;
    this.#options.onPanic(group.spec.name, panic);
  }
}

/** Specs are plain data with a fixed order of keys. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
