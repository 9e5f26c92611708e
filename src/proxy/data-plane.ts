/** One worker's listeners and clusters, and how they follow the configuration. */
import { isDeepStrictEqual } from "node:util";
import type { Address } from "../model/address.js";
import type { ListenerSpec } from "../model/spec.js";
import { AccessLog, compileFormat } from "../observe/access-log.js";
import { listenerBase } from "../observe/layout.js";
import type { LogRingWriter } from "../observe/log-ring.js";
import type { ProxyContext } from "./context.js";
import { HttpListener } from "./http/http-listener.js";
import { createHttpRoutes } from "./http/http-routes.js";
import type { Snapshot } from "./messages.js";
import { ProxyCluster } from "./proxy-cluster.js";
import { TcpListener } from "./tcp/tcp-listener.js";

type Listener = TcpListener | HttpListener;

export class DataPlane {
  readonly #context: ProxyContext;
  readonly #logRing: LogRingWriter;
  #clusters = new Map<string, ProxyCluster>();
  #listeners = new Map<string, Listener>();
  #addresses = new Map<string, Address>();
  /** Closed listeners whose connections may still be open: aborted at the end of a drain. */
  readonly #closing = new Set<Listener>();
  #snapshot: Snapshot | undefined = undefined;

  constructor(context: ProxyContext, logRing: LogRingWriter) {
    this.#context = context;
    this.#logRing = logRing;
  }

  get listening(): { name: string; address: Address }[] {
    return [...this.#addresses].map(([name, address]) => ({ name, address }));
  }

  /** All or nothing: throws LbError where a new address cannot be bound, and then everything is as before. */
  apply(snapshot: Snapshot): void {
    const { spec } = snapshot;
    const clusters = this.#buildClusters(snapshot);
    const wanted = new Map(spec.listeners.map((listener) => [listener.name, listener]));
    const opened = new Map<string, { listener: Listener; address: Address }>();
    try {
      for (const listener of spec.listeners) {
        if (this.#kept(listener) === undefined) opened.set(listener.name, this.#open(listener, clusters, snapshot));
      }
    } catch (error) {
      for (const { listener } of opened.values()) listener.close();
      throw error;
    }
    // From here nothing fails.
    for (const [name, listener] of this.#listeners) {
      const next = wanted.get(name);
      if (next !== undefined && this.#kept(next) === listener) this.#update(listener, next, clusters);
      else this.#close(name, listener);
    }
    for (const [name, { listener, address }] of opened) {
      this.#listeners.set(name, listener);
      this.#addresses.set(name, address);
    }
    for (const [name, cluster] of this.#clusters) if (clusters.get(name) !== cluster) cluster.retire();
    this.#clusters = clusters;
    this.#context.maxConnections = spec.limits.maxConnections;
    this.#context.accessLog =
      spec.accessLog === undefined
        ? undefined
        : new AccessLog(compileFormat(spec.accessLog.format), this.#logRing, this.#context.metrics);
    this.#snapshot = snapshot;
  }

  /** Stops accepting and lets go of every idle connection. */
  drain(): void {
    this.#context.draining = true;
    for (const [name, listener] of this.#listeners) this.#close(name, listener);
    for (const cluster of this.#clusters.values()) cluster.retire();
  }

  /** Ends what is left after the drain deadline. */
  abort(): void {
    for (const listener of this.#closing) listener.abort();
  }

  /** A cluster whose spec and slots did not change keeps its connections and its balancing state. */
  #buildClusters(snapshot: Snapshot): Map<string, ProxyCluster> {
    return new Map(
      snapshot.spec.clusters.map((spec) => {
        const old = this.#clusters.get(spec.name);
        const same =
          old !== undefined &&
          isDeepStrictEqual(old.spec, spec) &&
          isDeepStrictEqual(this.#snapshot?.slots.get(spec.name), snapshot.slots.get(spec.name));
        const cluster = same ? old : new ProxyCluster(this.#context, spec, snapshot.slots, snapshot.metricSlots);
        return [spec.name, cluster];
      }),
    );
  }

  /** The open listener that serves `spec` from now on: same name, kind and address. */
  #kept(spec: ListenerSpec): Listener | undefined {
    const listener = this.#listeners.get(spec.name);
    if (listener === undefined || listener.spec.kind !== spec.kind) return undefined;
    return isDeepStrictEqual(listener.spec.address, spec.address) ? listener : undefined;
  }

  #open(
    spec: ListenerSpec,
    clusters: ReadonlyMap<string, ProxyCluster>,
    snapshot: Snapshot,
  ): { listener: Listener; address: Address } {
    const metrics = listenerBase(snapshot.metricSlots.listeners.get(spec.name)!);
    const listener =
      spec.kind === "tcp"
        ? new TcpListener(this.#context, spec, clusters.get(spec.cluster)!, metrics)
        : new HttpListener(this.#context, spec, createHttpRoutes(spec, clusters), metrics);
    return { listener, address: listener.open() };
  }

  #update(listener: Listener, spec: ListenerSpec, clusters: ReadonlyMap<string, ProxyCluster>): void {
    if (listener instanceof TcpListener) {
      if (spec.kind === "tcp") listener.update(spec, clusters.get(spec.cluster)!);
    } else if (spec.kind === "http") listener.update(spec, createHttpRoutes(spec, clusters));
  }

  #close(name: string, listener: Listener): void {
    listener.close();
    this.#closing.add(listener);
    this.#listeners.delete(name);
    this.#addresses.delete(name);
  }
}
