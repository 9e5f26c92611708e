/** What the supervisor shows on its admin pages. */
import type { AdminSource, Readiness } from "../admin/source.js";
import type { SlotTable } from "../cluster/slots.js";
import type { HealthMonitor } from "../health/io/monitor.js";
import type { ExplainQuery, Explanation } from "../model/explanation.js";
import type { Spec } from "../model/spec.js";
import type { LogWriter } from "../observe/io/log-writer.js";
import { createProcessMeter } from "../observe/io/process-figures.js";
import type { EndpointStatus, Observed } from "../observe/observed.js";
import type { SlotMap } from "../observe/slots.js";
import type { Discoveries } from "./discoveries.js";
import type { EndpointSets } from "./endpoint-sets.js";
import type { WorkerHandle } from "./worker-handle.js";

/** What tells where endpoints come from, and how many requests they are given. */
export interface EndpointOrigins {
  readonly discovery: Pick<Discoveries, "status">;
  readonly sets: Pick<EndpointSets, "origin">;
  readonly limits: Pick<SlotTable, "adaptiveLimit" | "places">;
}

export class SupervisorView implements AdminSource {
  ready = false;
  draining = false;
  readonly reloads = { ok: 0, failed: 0 };
  logWriter: LogWriter | undefined = undefined;
  readonly #workers: readonly WorkerHandle[];
  readonly #monitor: HealthMonitor;
  readonly #sources: EndpointOrigins;
  readonly #version: string;
  readonly #explain: (query: ExplainQuery) => Explanation | string;
  readonly #meter = createProcessMeter();
  #spec: Spec | undefined = undefined;
  #slots: SlotMap | undefined = undefined;

  constructor(
    workers: readonly WorkerHandle[],
    monitor: HealthMonitor,
    sources: EndpointOrigins,
    version: string,
    explain: (query: ExplainQuery) => Explanation | string,
  ) {
    this.#workers = workers;
    this.#monitor = monitor;
    this.#sources = sources;
    this.#version = version;
    this.#explain = explain;
  }

  /** The configuration in force from now on. */
  show(spec: Spec, slots: SlotMap): void {
    this.#spec = spec;
    this.#slots = slots;
  }

  /** Where the figures in force are; undefined before the first configuration. */
  get slots(): SlotMap | undefined {
    return this.#slots;
  }

  readiness(): Readiness {
    const reasons: string[] = [];
    if (!this.ready) reasons.push("starting");
    if (this.draining) reasons.push("draining");
    const wanted = this.#spec?.listeners.length ?? 0;
    for (const [index, worker] of this.#workers.entries()) {
      if (worker.listening.length < wanted) reasons.push(`worker ${index} has not all listeners open`);
    }
    return { ready: reasons.length === 0, reasons };
  }

  observed(): Observed {
    return {
      spec: this.#spec!,
      slots: this.#slots!,
      workers: this.#workers.map((worker, index) => ({
        worker: index,
        engine: worker.engine,
        restarts: worker.restarts,
        metrics: worker.metrics,
      })),
      main: {
        version: this.#version,
        process: this.#meter.read(),
        reloads: { ...this.reloads },
        logErrors: this.logWriter?.errors ?? 0,
      },
      status: (cluster, endpoint) => this.#status(cluster, endpoint),
      discovery: (cluster) => this.#sources.discovery.status(cluster),
      health: (cluster) => this.#monitor.counts(cluster),
      adaptiveLimit: (cluster) => this.#sources.limits.adaptiveLimit(cluster),
      places: (cluster, endpoint) => this.#sources.limits.places(cluster, endpoint),
    };
  }

  explain(query: ExplainQuery): Explanation | string {
    return this.#explain(query);
  }

  close(): void {
    this.#meter.close();
  }

  #status(cluster: string, id: string): EndpointStatus {
    const health = this.#monitor.endpoint(cluster, id);
    const spec = this.#spec?.clusters.find(({ name }) => name === cluster)?.endpoints.find((one) => one.id === id);
    const weight = spec?.weight ?? 0;
    const origin = this.#sources.sets.origin(cluster, id);
    if (health === undefined)
      return { state: "unknown", reason: "not watched", checks: [], since: Date.now(), weight, origin };
    const { state, reason, checks, forMs, weightPercent } = health;
    return { state, reason, checks, since: Date.now() - forMs, weight: (weight * weightPercent) / 100, origin };
  }
}
