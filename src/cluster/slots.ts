/**
 * Who owns which slot of the shared state: kept over reloads, so that counts and states stay with their endpoint. Lives
 * on the main thread, which alone assigns slots and writes states.
 */
import { type LoadReport, loadReport } from "../balance/load-report.js";
import { LbError } from "../base/errors.js";
import { ClusterCell, EndpointCell, SLOT_CELLS, State } from "../model/cells.js";
import type { ClusterSpec, EndpointSpec } from "../model/spec.js";
import { forgiveFailures } from "./failure-rows.js";
import {
  clusterAt,
  endpointAt,
  isClusterIdle,
  isEndpointIdle,
  MAX_CLUSTERS,
  MAX_ENDPOINTS,
  type SharedState,
} from "./shared.js";
import { SlotPool } from "./slot-pool.js";

export interface ClusterSlots {
  readonly slot: number;
  /** Endpoint id to slot. */
  readonly endpoints: ReadonlyMap<string, number>;
}

/** By cluster name. Survives structured cloning: it is posted to workers with the spec it was made from. */
export type Slots = ReadonlyMap<string, ClusterSlots>;

/** What is in force for an endpoint. */
export interface EndpointStanding {
  /** Bits of `State`. */
  readonly state: number;
  /** 0 = gets nothing. */
  readonly weight: number;
  /** 0 = unlimited. */
  readonly maxActive: number;
}

/** What of a slot means nothing to the next cluster that gets it. */
const OF_ONE_CLUSTER = [
  ClusterCell.PANIC_PICKS,
  ClusterCell.ADAPTIVE_LIMIT,
  ClusterCell.ADAPTIVE_SUM,
  ClusterCell.ADAPTIVE_COUNT,
  ClusterCell.ADAPTIVE_PHASE,
  ClusterCell.ADAPTIVE_BEST,
] as const;

export class SlotTable {
  readonly #shared: SharedState;
  readonly #onChange: (cluster: string) => void;
  readonly #clusterPool: SlotPool;
  readonly #endpointPool: SlotPool;
  #slots: Slots = new Map();
  #clusters: readonly ClusterSpec[] = [];
  /** What agents asked for, by endpoint slot: percent of the weight, and most at once. Kept over reloads. */
  readonly #percents = new Map<number, number>();
  readonly #caps = new Map<number, number>();
  /** Slots of endpoints that the last assignment gave up. */
  #leftEndpoints: number[] = [];

  /** @param onChange told the cluster of which a state, weight or limit has changed */
  constructor(shared: SharedState, onChange: (cluster: string) => void = () => {}) {
    this.#shared = shared;
    this.#onChange = onChange;
    const cells = shared.cells;
    this.#clusterPool = new SlotPool(MAX_CLUSTERS, (slot) => isClusterIdle(cells, slot));
    this.#endpointPool = new SlotPool(MAX_ENDPOINTS, (slot) => isEndpointIdle(cells, slot));
  }

  /**
   * Slots for a new set of clusters. What the workers see of the old set stays as it is until `commit`: a cluster of which
   * every endpoint goes would have none before its workers know of the new ones.
   * @throws LbError CONFIG_INVALID when there are more clusters or endpoints than slots; then nothing was changed
   */
  assign(clusters: readonly ClusterSpec[]): Slots {
    this.#checkCapacity(clusters);
    const wanted = new Map(clusters.map((cluster) => [cluster.name, cluster]));
    this.#leftEndpoints = [];
    for (const [name, old] of this.#slots) this.#retire(old, wanted.get(name));
    const next = new Map<string, ClusterSlots>();
    for (const cluster of clusters) next.set(cluster.name, this.#assignCluster(cluster));
    this.#slots = next;
    this.#clusters = clusters;
    return next;
  }

  /** The workers follow the last assignment: weights and limits change, endpoints that went get nothing more. */
  commit(): void {
    const used = new Set([...this.#slots.values()].flatMap(({ endpoints }) => [...endpoints.values()]));
    for (const slot of this.#leftEndpoints) {
      if (!used.has(slot)) this.#write(endpointAt(slot) + EndpointCell.STATE, State.DRAINING);
    }
    for (const cluster of this.#clusters) {
      const slots = this.#slots.get(cluster.name)!;
      for (const endpoint of cluster.endpoints) this.#configure(slots.endpoints.get(endpoint.id)!, cluster, endpoint);
      this.#onChange(cluster.name);
    }
  }

  /** The adaptive limit in force; 0 where nothing has been found out. */
  adaptiveLimit(cluster: string): number {
    const slots = this.#slots.get(cluster);
    return slots === undefined ? 0 : this.#shared.cells[clusterAt(slots.slot) + ClusterCell.ADAPTIVE_LIMIT];
  }

  /** Connections that are being made to an endpoint, and retries under way at it. */
  places(cluster: string, endpoint: string): { pending: number; retries: number } {
    const slot = this.#slots.get(cluster)?.endpoints.get(endpoint);
    if (slot === undefined) return { pending: 0, retries: 0 };
    const at = endpointAt(slot);
    return {
      pending: this.#shared.cells[at + EndpointCell.PENDING],
      retries: this.#shared.cells[at + EndpointCell.RETRIES],
    };
  }

  /** Undefined for a cluster that was not assigned. */
  slotsOf(cluster: string): ClusterSlots | undefined {
    return this.#slots.get(cluster);
  }

  /** Each endpoint of `spec` as it is once the last assignment is committed. */
  look(spec: ClusterSpec): EndpointStanding[] {
    const slots = this.#slots.get(spec.name)!;
    return spec.endpoints.map((endpoint) => this.#standing(slots.endpoints.get(endpoint.id)!, spec, endpoint));
  }

  /** What each endpoint of `spec` last reported of its load; undefined where that is too old. */
  reports(spec: ClusterSpec, now: number, maxAgeMs: number): (LoadReport | undefined)[] {
    const slots = this.#slots.get(spec.name)!;
    return spec.endpoints.map(({ id }) => {
      return loadReport(this.#shared.cells, endpointAt(slots.endpoints.get(id)!), now, maxAgeMs);
    });
  }

  /** Bits of `State`, or undefined for an endpoint without a slot. */
  state(cluster: string, endpoint: string): number | undefined {
    const slot = this.#slots.get(cluster)?.endpoints.get(endpoint);
    return slot === undefined ? undefined : this.#shared.cells[endpointAt(slot) + EndpointCell.STATE];
  }

  /** Sets and clears state bits; who plans is told. Endpoints without a slot are ignored. */
  mark(cluster: string, endpoint: string, set: number, clear: number): void {
    const slots = this.#slots.get(cluster);
    const slot = slots?.endpoints.get(endpoint);
    if (slots === undefined || slot === undefined) return;
    const at = endpointAt(slot) + EndpointCell.STATE;
    if (this.#write(at, (this.#shared.cells[at] & ~clear) | set)) this.#onChange(cluster);
  }

  /** Forgets failures in a row: the endpoint starts afresh. */
  clearFailures(cluster: string, endpoint: string): void {
    const slot = this.#slots.get(cluster)?.endpoints.get(endpoint);
    if (slot !== undefined) forgiveFailures(this.#shared.cells, endpointAt(slot));
  }

  /** The endpoint's weight is `percent` of what its spec says, a whole number; stays so until told otherwise. 0 = drain. */
  scaleWeight(cluster: string, endpoint: string, percent: number): void {
    this.#overlay(this.#percents, cluster, endpoint, percent);
  }

  /** No more than `most` at once, nor more than the spec says; 0 = only what the spec says. */
  limitActive(cluster: string, endpoint: string, most: number): void {
    this.#overlay(this.#caps, cluster, endpoint, most);
  }

  #overlay(values: Map<number, number>, cluster: string, endpoint: string, value: number): void {
    const slots = this.#slots.get(cluster);
    const slot = slots?.endpoints.get(endpoint);
    const spec = this.#clusters.find(({ name }) => name === cluster);
    const own = spec?.endpoints.find(({ id }) => id === endpoint);
    if (slots === undefined || slot === undefined || spec === undefined || own === undefined) return;
    values.set(slot, value);
    if (this.#configure(slot, spec, own)) this.#onChange(cluster);
  }

  /** Counts before anything is touched, so that a set that does not fit leaves the old one whole. */
  #checkCapacity(clusters: readonly ClusterSpec[]): void {
    const wanted = new Map(clusters.map((cluster) => [cluster.name, cluster]));
    let clusterRoom = this.#clusterPool.available;
    let endpointRoom = this.#endpointPool.available;
    for (const [name, old] of this.#slots) {
      if (!wanted.has(name) && this.#clusterPool.isIdle(old.slot)) clusterRoom++;
      for (const slot of leaving(old, wanted.get(name))) if (this.#endpointPool.isIdle(slot)) endpointRoom++;
    }
    for (const cluster of clusters) {
      const old = this.#slots.get(cluster.name);
      if (old === undefined) clusterRoom--;
      const ids = new Set(cluster.endpoints.map((endpoint) => endpoint.id));
      for (const id of ids) if (old?.endpoints.has(id) !== true) endpointRoom--;
    }
    if (clusterRoom < 0) throw new LbError("CONFIG_INVALID", `more than ${MAX_CLUSTERS} clusters are not supported`);
    if (endpointRoom < 0) throw new LbError("CONFIG_INVALID", `more than ${MAX_ENDPOINTS} endpoints are not supported`);
  }

  #retire(old: ClusterSlots, wanted: ClusterSpec | undefined): void {
    for (const slot of leaving(old, wanted)) {
      this.#leftEndpoints.push(slot);
      this.#endpointPool.retire(slot);
    }
    if (wanted === undefined) this.#clusterPool.retire(old.slot);
  }

  #assignCluster(spec: ClusterSpec): ClusterSlots {
    const old = this.#slots.get(spec.name);
    const slot = old?.slot ?? this.#freshCluster();
    const endpoints = new Map<string, number>();
    for (const endpoint of spec.endpoints) {
      const known = old?.endpoints.get(endpoint.id) ?? endpoints.get(endpoint.id);
      const own = known ?? this.#freshEndpoint();
      if (known === undefined) {
        this.#write(endpointAt(own) + EndpointCell.STATE, State.UNKNOWN);
        this.#configure(own, spec, endpoint);
      }
      endpoints.set(endpoint.id, own);
    }
    return { slot, endpoints };
  }

  #configure(slot: number, cluster: ClusterSpec, spec: EndpointSpec): boolean {
    const at = endpointAt(slot);
    const { state, weight, maxActive } = this.#standing(slot, cluster, spec);
    const stateChanged = this.#write(at + EndpointCell.STATE, state);
    const weightChanged = this.#write(at + EndpointCell.WEIGHT, weight * 100);
    return this.#write(at + EndpointCell.MAX_ACTIVE, maxActive) || stateChanged || weightChanged;
  }

  /** What its spec, its agent and its health make of it together. */
  #standing(slot: number, { limits }: ClusterSpec, spec: EndpointSpec): EndpointStanding {
    const state = this.#shared.cells[endpointAt(slot) + EndpointCell.STATE];
    const cap = this.#caps.get(slot) ?? 0;
    const { weight } = spec;
    const most = spec.maxConnections > 0 ? spec.maxConnections : limits.perEndpoint.requests;
    return {
      // Weight 0 drains, another weight ends that.
      state: weight === 0 ? state | State.DRAINING : state & ~State.DRAINING,
      weight: (weight * (this.#percents.get(slot) ?? 100)) / 100,
      maxActive: cap > 0 && most > 0 ? Math.min(cap, most) : Math.max(cap, most),
    };
  }

  #freshCluster(): number {
    const slot = this.#clusterPool.take();
    for (const cell of OF_ONE_CLUSTER) Atomics.store(this.#shared.cells, clusterAt(slot) + cell, 0);
    return slot;
  }

  #freshEndpoint(): number {
    const slot = this.#endpointPool.take();
    this.#percents.delete(slot);
    this.#caps.delete(slot);
    for (let i = 0; i < SLOT_CELLS; i++) Atomics.store(this.#shared.cells, endpointAt(slot) + i, 0);
    return slot;
  }

  #write(at: number, value: number): boolean {
    return Atomics.exchange(this.#shared.cells, at, value) !== value;
  }
}

/** Slots of the endpoints that `wanted` no longer has. */
function leaving(old: ClusterSlots, wanted: ClusterSpec | undefined): number[] {
  const kept = new Set(wanted?.endpoints.map((endpoint) => endpoint.id));
  return [...old.endpoints].filter(([id]) => !kept.has(id)).map(([, slot]) => slot);
}
