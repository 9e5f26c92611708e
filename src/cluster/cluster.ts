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
import type { NodeLimits } from "../model/node.js";
import { type FailureRow, isLocalFailure, Outcome, type OutcomeId } from "../model/outcome.js";
import { Limit, type Query } from "../model/query.js";
import type { BalanceName, ClusterSpec, EndpointBreakerSpec } from "../model/spec.js";
import { Admission } from "./admission.js";
import { Choice } from "./choice.js";
import { EndpointPlaces } from "./endpoint-places.js";
import { countFailure, forgiveFailures } from "./failure-rows.js";
import { LiveEndpoint } from "./live-endpoint.js";
import type { Plan } from "./plan.js";
import { clusterAt, type SharedState } from "./shared.js";
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
  readonly #places: EndpointPlaces;
  readonly #at: number;
  readonly #events: ClusterEvents;
  readonly #setup: PickerSetup;
  #choice!: Choice<Data>;

  constructor(options: ClusterOptions) {
    const { spec, slots, shared } = options;
    this.name = spec.name;
    this.#spec = spec;
    this.#cells = shared.cells;
    const held = shared.held(options.worker);
    this.#places = new EndpointPlaces(this.#cells, held);
    this.#at = clusterAt(slots.slot);
    this.admission = new Admission(this.#cells, held, slots.slot, spec, options.random);
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
    const limits = nodeLimits(spec.limits.perEndpoint);
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
    for (const endpoint of this.#endpoints) endpoint.limits = limits;
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
        query.limit = isFull ? this.admission.fullBy : choice.fullBy(query);
        return undefined;
      }
      // Refused only if another thread took the last place since: the next round sees that.
      if (!this.#enter(endpoint, query)) continue;
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
    this.#places.leave(endpoint);
    this.admission.leave();
    if (outcome === Outcome.OK) forgiveFailures(this.#cells, endpoint.at);
    else this.#onFailure(endpoint, outcome, now);
  }

  /** As `settle` for an endpoint that is not used after all. */
  giveBack(endpoint: LiveEndpoint<Data>, query: Query): void {
    if (query.repeats) this.#places.endRetry(endpoint);
    query.dropTried();
    this.settle(endpoint, Outcome.ABORTED, query.now);
  }

  /** Where a retry may be made as far as limits go: `endRetry` when it is settled, or where it is not made after all. */
  beginRetry(query: Query): boolean {
    const { retries } = this.#spec.limits.perEndpoint;
    const isFull = ({ usable, at }: LiveEndpoint<Data>) => !usable || this.#cells[at + EndpointCell.RETRIES] >= retries;
    if (retries !== 0 && this.#endpoints.every(isFull)) {
      query.limit = Limit.ENDPOINT_RETRIES;
      return false;
    }
    return this.admission.beginRetry(query);
  }

  /** @param endpoint which was acquired for it, with `query.repeats`; undefined where none was */
  endRetry(endpoint: LiveEndpoint<Data> | undefined): void {
    if (endpoint !== undefined) this.#places.endRetry(endpoint);
    this.admission.endRetry();
  }

  /**
   * Counts a socket that is about to be opened; false with `query.limit` set where the endpoint or the cluster has as many as it
   * may. Then `opened` once it is open or has failed, and `closed` when it is gone.
   */
  open(endpoint: LiveEndpoint<Data>, query: Query): boolean {
    const limit = this.#places.connect(endpoint);
    if (limit !== undefined) {
      query.limit = limit;
      return false;
    }
    if (this.admission.connect(query)) return true;
    this.#places.connected(endpoint);
    this.#places.disconnect(endpoint);
    return false;
  }

  /** A connection is no longer being made: it was, or it failed. */
  opened(endpoint: LiveEndpoint<Data>): void {
    this.admission.connected();
    this.#places.connected(endpoint);
  }

  closed(endpoint: LiveEndpoint<Data>): void {
    this.admission.disconnect();
    this.#places.disconnect(endpoint);
  }

  #pick(query: Query, choice: Choice<Data>): LiveEndpoint<Data> | undefined {
    query.atMost = 0;
    const preferred = query.preferred < 0 ? undefined : choice.pickPreferred(query);
    return preferred ?? choice.pick(query);
  }

  /** Counts it as active, and as a retry where it is for one, unless it is full. */
  #enter(endpoint: LiveEndpoint<Data>, query: Query): boolean {
    const places = this.#places;
    if (!places.enter(endpoint, query.atMost)) return false;
    if (!query.repeats || places.beginRetry(endpoint)) {
      if (this.admission.enter()) return true;
      if (query.repeats) places.endRetry(endpoint);
    }
    places.leave(endpoint);
    return false;
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

/** Undefined where nothing is bounded: then nobody need look. */
function nodeLimits({ connections, pending, retries }: EndpointBreakerSpec): NodeLimits | undefined {
  return connections === 0 && pending === 0 && retries === 0 ? undefined : { connections, pending, retries };
}
