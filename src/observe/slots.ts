/**
 * Which slot of the shared metrics belongs to which listener, cluster and endpoint. The main thread decides and sends the
 * map along with each snapshot. A name keeps its slot over reloads, so its counters go on; the slot of a name that left
 * is used again only after its workers have let go of it (drain) and its figures have been zeroed.
 */
import { LbError } from "../base/errors.js";
import type { Spec } from "../model/spec.js";
import { isIdle, MAX_CLUSTERS, MAX_ENDPOINTS, MAX_LISTENERS, resetSlot, type SlotKind } from "./layout.js";

/** Plain maps: can be posted to a worker. */
export interface SlotMap {
  readonly listeners: ReadonlyMap<string, number>;
  readonly clusters: ReadonlyMap<string, number>;
  /** By `endpointKey(cluster, id)`: the same endpoint in two clusters is counted apart. */
  readonly endpoints: ReadonlyMap<string, number>;
}

export interface Assignment {
  readonly slots: SlotMap;
  /** For `free`: everything that left with this assignment or before. */
  readonly generation: number;
}

export function endpointKey(cluster: string, id: string): string {
  return `${cluster}\0${id}`;
}

export class Slots {
  readonly #listeners = new SlotTable("listeners", MAX_LISTENERS);
  readonly #clusters = new SlotTable("clusters", MAX_CLUSTERS);
  readonly #endpoints = new SlotTable("endpoints", MAX_ENDPOINTS);
  #generation = 0;

  /**
   * Slots for everything in `spec`; what was there before and is not in it is retired. Throws LbError CONFIG_INVALID, and
   * changes nothing, where there are more of a kind than slots (retired ones included until they are freed).
   */
  assign(spec: Spec): Assignment {
    const listeners = new Set(spec.listeners.map((listener) => listener.name));
    const clusters = new Set(spec.clusters.map((cluster) => cluster.name));
    const endpoints = new Set(
      spec.clusters.flatMap((cluster) => cluster.endpoints.map((endpoint) => endpointKey(cluster.name, endpoint.id))),
    );
    this.#listeners.check(listeners);
    this.#clusters.check(clusters);
    this.#endpoints.check(endpoints);
    const generation = ++this.#generation;
    return {
      slots: {
        listeners: this.#listeners.assign(listeners, generation),
        clusters: this.#clusters.assign(clusters, generation),
        endpoints: this.#endpoints.assign(endpoints, generation),
      },
      generation,
    };
  }

  /**
   * Zeroes and frees what was retired by `generation` or before, but for that where something is still open: a connection
   * to an endpoint that left may last, and is counted when it ends. A later call frees it.
   */
  free(generation: number, workers: readonly Float64Array[]): void {
    const reset = (kind: SlotKind) => (slot: number) => {
      if (workers.some((metrics) => !isIdle(metrics, kind, slot))) return false;
      for (const metrics of workers) resetSlot(metrics, kind, slot);
      return true;
    };
    this.#listeners.free(generation, reset("listener"));
    this.#clusters.free(generation, reset("cluster"));
    this.#endpoints.free(generation, reset("endpoint"));
  }
}

/** The slots of one kind. */
class SlotTable {
  readonly #what: string;
  readonly #capacity: number;
  readonly #slots = new Map<string, number>();
  /** Retired names, and the generation they left with. */
  readonly #retired = new Map<string, number>();
  readonly #free: number[] = [];
  #next = 0;

  constructor(what: string, capacity: number) {
    this.#what = what;
    this.#capacity = capacity;
  }

  check(names: ReadonlySet<string>): void {
    let missing = 0;
    for (const name of names) if (!this.#slots.has(name)) missing++;
    if (missing <= this.#free.length + this.#capacity - this.#next) return;
    const retired = this.#retired.size > 0 ? `, and ${this.#retired.size} removed ones are still draining` : "";
    throw new LbError(
      "CONFIG_INVALID",
      `${names.size} ${this.#what} are configured, ${this.#capacity} are possible${retired}`,
    );
  }

  assign(names: ReadonlySet<string>, generation: number): Map<string, number> {
    const assigned = new Map<string, number>();
    for (const name of names) {
      let slot = this.#slots.get(name);
      if (slot === undefined) {
        slot = this.#free.pop() ?? this.#next++;
        this.#slots.set(name, slot);
      }
      this.#retired.delete(name);
      assigned.set(name, slot);
    }
    for (const name of this.#slots.keys()) {
      if (!names.has(name) && !this.#retired.has(name)) this.#retired.set(name, generation);
    }
    return assigned;
  }

  free(generation: number, reset: (slot: number) => boolean): void {
    for (const [name, retiredAt] of this.#retired) {
      if (retiredAt > generation) continue;
      const slot = this.#slots.get(name)!;
      if (!reset(slot)) continue;
      this.#slots.delete(name);
      this.#retired.delete(name);
      this.#free.push(slot);
    }
  }
}
