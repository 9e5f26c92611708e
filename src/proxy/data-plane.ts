/** One worker's listeners and clusters, and how they follow the configuration. */
import { isDeepStrictEqual } from "node:util";
import { Timer } from "../base/timer-wheel.js";
import type { Plan } from "../cluster/plan.js";
import type { ListenerSpec } from "../model/spec.js";
import { AccessLog, compileFormat } from "../observe/access-log.js";
import { listenerBase } from "../observe/layout.js";
import type { LogRingWriter } from "../observe/log-ring.js";
import type { ProxyContext } from "./context.js";
import { HttpListener } from "./http/http-listener.js";
import { createHttpRoutes } from "./http/http-routes.js";
import { ListeningSocket } from "./listening-socket.js";
import type { Named, Snapshot } from "./messages.js";
import { ProxyCluster } from "./proxy-cluster.js";
import { TcpListener } from "./tcp/tcp-listener.js";

type Listener = TcpListener | HttpListener;

export class DataPlane {
  readonly #context: ProxyContext;
  readonly #logRing: LogRingWriter;
  #clusters = new Map<string, ProxyCluster>();
  #listeners = new Map<string, Listener>();
  #sockets: ListeningSocket[] = [];
  #snapshot: Snapshot | undefined = undefined;

  constructor(context: ProxyContext, logRing: LogRingWriter) {
    this.#context = context;
    this.#logRing = logRing;
  }

  /** The addresses of the listeners in force. */
  get listening(): Named[] {
    return [...this.#listeners.values()].map(({ spec }) => ({ name: spec.name, address: this.#socket(spec)!.address }));
  }

  /**
   * Binds what `listeners` need beyond what is open, and gives up what a former call has bound for nothing. All or
   * nothing: throws LbError CONFIG_INVALID where an address cannot be bound. Returns the addresses in order.
   */
  prepare(listeners: readonly ListenerSpec[]): Named[] {
    const opened: ListeningSocket[] = [];
    try {
      for (const spec of listeners) {
        if (this.#socket(spec) === undefined) opened.push(new ListeningSocket(this.#context.engine, spec));
      }
    } catch (error) {
      for (const socket of opened) socket.close();
      throw error;
    }
    this.#sockets.push(...opened);
    this.#closeSockets((socket) => socket.target === undefined && !listeners.some((spec) => socket.serves(spec)));
    return listeners.map((spec) => ({ name: spec.name, address: this.#socket(spec)!.address }));
  }

  /** All or nothing: throws LbError CONFIG_INVALID where an address cannot be bound; then everything is as before. */
  apply(snapshot: Snapshot): void {
    const { spec } = snapshot;
    this.prepare(spec.listeners);
    const clusters = this.#findClusters(snapshot);
    const listeners = new Map<string, Listener>();
    for (const listener of spec.listeners) {
      listeners.set(listener.name, this.#kept(listener) ?? this.#create(listener, clusters, snapshot));
    }
    // From here nothing fails.
    this.#updateClusters(clusters, snapshot);
    for (const listener of spec.listeners) {
      const live = listeners.get(listener.name)!;
      if (this.#listeners.get(listener.name) === live) this.#update(live, listener, clusters);
      this.#socket(listener)!.target = live;
    }
    this.#closeSockets((socket) => !spec.listeners.some((listener) => socket.serves(listener)));
    for (const [name, listener] of this.#listeners) {
      if (listeners.get(name) !== listener) this.#retire(listener, spec.drainMs);
    }
    for (const [name, cluster] of this.#clusters) if (clusters.get(name) !== cluster) cluster.retire();
    this.#listeners = listeners;
    this.#clusters = clusters;
    this.#context.maxConnections = spec.limits.maxConnections;
    this.#context.overload = spec.overload;
    this.#context.explainToken = new TextEncoder().encode(spec.explainToken ?? "");
    this.#context.accessLog =
      spec.accessLog === undefined
        ? undefined
        : new AccessLog(compileFormat(spec.accessLog.format), this.#logRing, this.#context.metrics);
    this.#snapshot = snapshot;
  }

  /** Clusters of the configuration in force have other endpoints: no listener, route or other cluster is touched. */
  amend(part: Snapshot): void {
    const { slots } = this.#snapshot!;
    for (const cluster of part.spec.clusters) this.#clusters.get(cluster.name)!.update(cluster, part);
    this.#snapshot = { ...this.#snapshot!, slots: new Map([...slots, ...part.slots]) };
  }

  /** The cluster's endpoints have changed: who is usable, or with what weight. */
  follow(cluster: string, plan: Plan): void {
    this.#clusters.get(cluster)?.live.follow(plan);
  }

  /** Stops accepting, lets go of every idle connection, and ends in `deadlineMs` what is left then. */
  drain(deadlineMs: number): void {
    this.#context.draining = true;
    this.#closeSockets(() => true);
    for (const listener of this.#listeners.values()) this.#retire(listener, deadlineMs);
    this.#listeners.clear();
    for (const cluster of this.#clusters.values()) cluster.retire();
  }

  /** Those that stay keep their live object, and with it connections and balancing state; the others are made. */
  #findClusters(snapshot: Snapshot): Map<string, ProxyCluster> {
    const { spec, slots } = snapshot;
    return new Map(
      spec.clusters.map((cluster) => {
        // Going back after a failure may have given its slot away.
        const hasSlot = this.#snapshot?.slots.get(cluster.name)?.slot === slots.get(cluster.name)?.slot;
        const found = hasSlot ? this.#clusters.get(cluster.name) : undefined;
        return [cluster.name, found ?? new ProxyCluster(this.#context, cluster, snapshot)];
      }),
    );
  }

  /** A cluster of which nothing changed only gets its plan. */
  #updateClusters(clusters: ReadonlyMap<string, ProxyCluster>, snapshot: Snapshot): void {
    const { spec, slots, plans } = snapshot;
    for (const cluster of spec.clusters) {
      const live = clusters.get(cluster.name)!;
      if (this.#clusters.get(cluster.name) !== live) continue;
      const same =
        isDeepStrictEqual(live.spec, cluster) &&
        isDeepStrictEqual(this.#snapshot?.slots.get(cluster.name), slots.get(cluster.name));
      if (same) live.live.follow(plans.get(cluster.name)!);
      else live.update(cluster, snapshot);
    }
  }

  /** The listener that serves `spec` from now on: same name, kind and address. */
  #kept(spec: ListenerSpec): Listener | undefined {
    const listener = this.#listeners.get(spec.name);
    return listener?.spec.kind === spec.kind && this.#socket(spec)!.target === listener ? listener : undefined;
  }

  #create(spec: ListenerSpec, clusters: ReadonlyMap<string, ProxyCluster>, snapshot: Snapshot): Listener {
    const metrics = listenerBase(snapshot.metricSlots.listeners.get(spec.name)!);
    return spec.kind === "tcp"
      ? new TcpListener(this.#context, spec, clusters.get(spec.cluster)!, metrics)
      : new HttpListener(this.#context, spec, createHttpRoutes(spec, clusters, this.#context.random), metrics);
  }

  #update(listener: Listener, spec: ListenerSpec, clusters: ReadonlyMap<string, ProxyCluster>): void {
    if (listener instanceof TcpListener) {
      if (spec.kind === "tcp") listener.update(spec, clusters.get(spec.cluster)!);
    } else if (spec.kind === "http") listener.update(spec, createHttpRoutes(spec, clusters, this.#context.random));
  }

  /** Its connections may finish, for so long. */
  #retire(listener: Listener, drainMs: number): void {
    const { engine } = this.#context;
    if (listener instanceof HttpListener) listener.close();
    engine.timers.set(new Timer(() => listener.abort()), engine.now() + drainMs);
  }

  #socket(spec: ListenerSpec): ListeningSocket | undefined {
    return this.#sockets.find((socket) => socket.serves(spec));
  }

  #closeSockets(isSpare: (socket: ListeningSocket) => boolean): void {
    this.#sockets = this.#sockets.filter((socket) => {
      if (!isSpare(socket)) return true;
      socket.close();
      return false;
    });
  }
}
