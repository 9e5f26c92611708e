/**
 * A worker's live cluster: which endpoint is next, and how it went. Joins policy (balance, resilience) with the shared
 * state. Everything is synchronous, and only following a new plan or configuration allocates.
 * Contract: each endpoint that `acquire` returns is given to `settle` exactly once, on every path.
 */

import { avoid, observe, penalise } from "../balance/latency.js";
import { type LoadReport, loadReport, storeReport } from "../balance/load-report.js";
import type { PickerSetup } from "../balance/picker.js";
import type { Random } from "../base/random.js";
import { ClusterCell, EndpointCell, UNUSABLE } from "../model/cells.js";
import { type FailureRow, isLocalFailure, Outcome, type OutcomeId } from "../model/outcome.js";
import { Limit, type Query } from "../model/query.js";
import type { BalanceName, ClusterSpec } from "../model/spec.js";
import { Admission } from "./admission.js";
import { Choice } from "./choice.js";
import { countFailure, forgiveFailures } from "./failure-rows.js";
import { LiveEndpoint } from "./live-endpoint.js";
import type { Plan } from "./plan.js";
import { clusterAt, heldAt, type SharedState } from "./shared.js";
import type { ClusterSlots } from "./slots.js";

/** What the main thread must hear of. */
export interface ClusterEvents {
  /**
   * A usable endpoint failed as often in a row as a limit of `OutlierSpec` says; again at each multiple, since an
   * ejection that was not allowed the first time may be allowed later.
   */
  onFailures(cluster: string, endpoint: string, row: FailureRow): void;
}

export interface ClusterOptions {
  readonly spec: ClusterSpec;
  /** From `SlotTable.assign` of the same spec. */
  readonly slots: ClusterSlots;
  /** From `Planner.assign` of the same spec. */
  readonly plan: Plan;
  readonly shared: SharedState;
  /** This worker's number, below what `createShared` was given. */
  readonly worker: number;
  readonly random: Random;
  readonly events: ClusterEvents;
}

const WEIGHS_LATENCY: ReadonlySet<BalanceName> = new Set<BalanceName>(["peak-ewma", "least-time", "prequal"]);

/** Reading a report takes microseconds: so often is enough for plans that are made each second. */
const REPORT_EVERY_MS = 100;

/** @typeParam Data what the proxy hangs on an endpoint */
export class Cluster<Data = unknown> {
  readonly name: string;
  /** What the cluster as a whole may have at once. */
  readonly admission: Admission;
  #spec: ClusterSpec;
  #endpoints: readonly LiveEndpoint<Data>[] = [];
  #usesHash = false;
  #weighsLatency = false;
  readonly #cells: Int32Array;
  readonly #held: Int32Array;
  readonly #at: number;
  readonly #events: ClusterEvents;
  readonly #setup: PickerSetup;
  #choice!: Choice<Data>;

  constructor(options: ClusterOptions) {
    const { spec, slots, shared } = options;
    this.name = spec.name;
    this.#spec = spec;
    this.#cells = shared.cells;
    this.#held = shared.held(options.worker);
    this.#at = clusterAt(slots.slot);
    this.admission = new Admission(this.#cells, this.#held, slots.slot, spec, options.random);
    this.#events = options.events;
    this.#setup = { cells: this.#cells, cluster: this.#at, random: options.random };
    this.update(spec, slots, options.plan);
  }

  get spec(): ClusterSpec {
    return this.#spec;
  }

  /** In the order of the spec. */
  get endpoints(): readonly LiveEndpoint<Data>[] {
    return this.#endpoints;
  }

  /** True if `Query.hash` decides: only then need it be worked out. */
  get usesHash(): boolean {
    return this.#usesHash;
  }

  /**
   * Follows a new spec of the same name. An endpoint that kept its id, address and slot keeps its live object and what hangs
   * on it; leases on others stay valid until they are settled. Returns the live objects that are no longer used.
   */
  update(spec: ClusterSpec, slots: ClusterSlots, plan: Plan): LiveEndpoint<Data>[] {
    const left = new Map(this.#endpoints.map((endpoint) => [endpoint.id, endpoint]));
    this.#spec = spec;
    this.#usesHash = spec.balance.hashOn.length > 0;
    this.#weighsLatency = WEIGHS_LATENCY.has(spec.balance.policy);
    this.#endpoints = spec.endpoints.map((endpoint, index) => {
      const slot = slots.endpoints.get(endpoint.id);
      if (slot === undefined) throw new RangeError(`endpoint ${endpoint.id} of cluster ${spec.name} has no slot`);
      const known = left.get(endpoint.id);
      if (known === undefined || !known.isSame(endpoint, slot)) return new LiveEndpoint<Data>(endpoint, index, slot);
      left.delete(endpoint.id);
      known.spec = endpoint;
      known.index = index;
      return known;
    });
    this.admission.spec = spec;
    this.follow(plan);
    return [...left.values()];
  }

  /** Chooses by `plan` from now on: the latest for the configuration that it follows. */
  follow(plan: Plan): void {
    this.#choice = new Choice(plan, this.#spec.balance, this.#endpoints, this.#setup);
  }

  /** True while so few endpoints are healthy that all are used. */
  get panicking(): boolean {
    return this.#choice.panic;
  }

  /** The endpoint for the next try, counted as active; undefined with `query.refusal` set if there is none. */
  acquire(query: Query): LiveEndpoint<Data> | undefined {
    const choice = this.#choice;
    for (;;) {
      const isFull = this.admission.isFull;
      const endpoint = isFull ? undefined : this.#pick(query, choice);
      if (endpoint === undefined) {
        query.refusal = choice.isEmpty ? "NO_ENDPOINT" : "OVERLOADED";
        query.limit = isFull ? this.admission.fullBy : Limit.ENDPOINTS;
        return undefined;
      }
      // Refused only if another thread took the last place since: the next round sees that.
      if (!this.#enter(endpoint)) continue;
      if (choice.panic) Atomics.add(this.#cells, this.#at + ClusterCell.PANIC_PICKS, 1);
      query.addTried(endpoint.slot);
      return endpoint;
    }
  }

  /**
   * The response's header has come, before the lease ends: what policies that weigh latency learn from. Statuses by which an
   * endpoint says that it is overloaded or broken are fast, and must not attract traffic.
   * @param latencyMs since `acquire`
   * @param now milliseconds of the process's clock
   */
  answered(endpoint: LiveEndpoint<Data>, status: number, latencyMs: number, now: number): void {
    this.admission.answered(status, latencyMs, now);
    if (!this.#weighsLatency) return;
    const { decayMs, penaltyMs } = this.#spec.balance;
    if (status >= 500 || status === 429) penalise(this.#cells, endpoint.at, penaltyMs, now, decayMs);
    else observe(this.#cells, endpoint.at, latencyMs, now, decayMs);
  }

  /** A report of its load would be news: none came in the last moment, from any thread. */
  wantsReport(endpoint: LiveEndpoint<Data>, now: number): boolean {
    return loadReport(this.#cells, endpoint.at, now, REPORT_EVERY_MS) === undefined;
  }

  report(endpoint: LiveEndpoint<Data>, report: LoadReport, now: number): void {
    storeReport(this.#cells, endpoint.at, report, now);
  }

  /** The endpoint asked to be left alone for a while (Retry-After): policies that weigh latency prefer others. */
  avoid(endpoint: LiveEndpoint<Data>, pauseMs: number, now: number): void {
    if (this.#weighsLatency) avoid(this.#cells, endpoint.at, pauseMs, now);
  }

  /** As `answered` for TCP, whose connections end hours later: failures are no longer in a row. */
  connected(endpoint: LiveEndpoint<Data>, latencyMs: number, now: number): void {
    forgiveFailures(this.#cells, endpoint.at);
    this.answered(endpoint, 0, latencyMs, now);
  }

  /**
   * Gives back what `acquire` returned.
   * @param now milliseconds of the process's clock
   */
  settle(endpoint: LiveEndpoint<Data>, outcome: OutcomeId, now: number): void {
    Atomics.sub(this.#cells, endpoint.at + EndpointCell.ACTIVE, 1);
    this.#held[heldAt(endpoint.slot)]--;
    this.admission.leave();
    if (outcome === Outcome.OK) forgiveFailures(this.#cells, endpoint.at);
    else this.#onFailure(endpoint, outcome, now);
  }

  /**
   * Counts a socket that is about to be opened; false with `query.limit` set where the cluster has as many as it may. Then
   * `admission.connected` once it is open or has failed, and `closed` when it is gone.
   */
  open(endpoint: LiveEndpoint<Data>, query: Query): boolean {
    if (!this.admission.connect(query)) return false;
    Atomics.add(this.#cells, endpoint.at + EndpointCell.CONNECTIONS, 1);
    this.#held[heldAt(endpoint.slot) + 1]++;
    return true;
  }

  closed(endpoint: LiveEndpoint<Data>): void {
    this.admission.disconnect();
    Atomics.sub(this.#cells, endpoint.at + EndpointCell.CONNECTIONS, 1);
    this.#held[heldAt(endpoint.slot) + 1]--;
  }

  #pick(query: Query, choice: Choice<Data>): LiveEndpoint<Data> | undefined {
    const preferred = query.preferred < 0 ? undefined : choice.pickPreferred(query, this.#endpoints);
    return preferred ?? choice.pick(query);
  }

  /** Counts it as active unless it is full. Compare-and-swap: adding first could refuse others who would have had room. */
  #enter(endpoint: LiveEndpoint<Data>): boolean {
    const cells = this.#cells;
    const at = endpoint.at + EndpointCell.ACTIVE;
    if (endpoint.maxActive === 0) Atomics.add(cells, at, 1);
    else {
      let active = Atomics.load(cells, at);
      for (;;) {
        if (active >= endpoint.maxActive) return false;
        const seen = Atomics.compareExchange(cells, at, active, active + 1);
        if (seen === active) break;
        active = seen;
      }
    }
    if (!this.admission.enter()) {
      Atomics.sub(cells, at, 1);
      return false;
    }
    this.#held[heldAt(endpoint.slot)]++;
    return true;
  }

  #onFailure(endpoint: LiveEndpoint<Data>, outcome: OutcomeId, now: number): void {
    if (outcome === Outcome.TIMEOUT) this.admission.timedOut(now);
    const row = countFailure(this.#cells, endpoint.at, outcome, this.#spec.outlier);
    // In panic even an ejected endpoint is used: nobody needs to hear of it again.
    if (row !== undefined && (this.#cells[endpoint.at + EndpointCell.STATE] & UNUSABLE) === 0)
      this.#events.onFailures(this.name, endpoint.id, row);
    // Statuses were dealt with when they came.
    if (!this.#weighsLatency || !(isLocalFailure(outcome) || outcome === Outcome.BAD_RESPONSE)) return;
    penalise(this.#cells, endpoint.at, this.#spec.balance.penaltyMs, now, this.#spec.balance.decayMs);
  }
}
