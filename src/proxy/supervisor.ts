/**
 * The proxy as one object: workers, health checks, access log and admin server of one process, and how they follow a
 * new configuration. Runs on the main thread; nothing here is on the path of a request.
 */
import { randomInt } from "node:crypto";
import { type AdminServer, startAdmin } from "../admin/server.js";
import { type Clock, createClock } from "../base/clock.js";
import { LbError } from "../base/errors.js";
import { createRandom } from "../base/random.js";
import { createShared, type SharedState } from "../cluster/shared.js";
import { SlotTable } from "../cluster/slots.js";
import { HealthMonitor } from "../health/io/monitor.js";
import { createProbe } from "../health/io/probe.js";
import { formatAddress } from "../model/address.js";
import type { Spec } from "../model/spec.js";
import { LogWriter } from "../observe/io/log-writer.js";
import { createMetrics } from "../observe/layout.js";
import { createLogRing } from "../observe/log-ring.js";
import { Slots } from "../observe/slots.js";
import type { LogRecord } from "./log-record.js";
import type { Snapshot } from "./messages.js";
import { SupervisorView } from "./supervisor-view.js";
import { type Named, WorkerHandle } from "./worker-handle.js";

export type { LogRecord } from "./log-record.js";

export interface Supervisor {
  /** All or nothing: throws LbError CONFIG_INVALID, and the old configuration goes on. */
  reload(spec: Spec): Promise<void>;
  /** Stops accepting and waits until what runs has finished, or `drainMs` has passed. */
  drain(): Promise<void>;
  close(): Promise<void>;
  /** Opens the access log anew (after rotation). */
  reopenLogs(): void;
  readonly listening: readonly Named[];
  readonly admin: string | undefined;
}

export interface SupervisorOptions {
  readonly log: (record: LogRecord) => void;
  /** The version shown on pages. */
  readonly version?: string;
  /** Another module for worker threads. */
  readonly workerScript?: URL;
}

const MAX_PROBES = 64;
const LOG_RING_BYTES = 1 << 20;

/** Throws LbError CONFIG_INVALID where an address cannot be bound; then nothing is left running. */
export async function startSupervisor(spec: Spec, options: SupervisorOptions): Promise<Supervisor> {
  const supervisor = new RunningSupervisor(spec, options);
  try {
    await supervisor.start();
  } catch (error) {
    await supervisor.close();
    throw error;
  }
  return supervisor;
}

class RunningSupervisor implements Supervisor {
  readonly #log: (record: LogRecord) => void;
  readonly #clock: Clock = createClock();
  readonly #shared: SharedState;
  readonly #slots: SlotTable;
  readonly #metricSlots = new Slots();
  readonly #monitor: HealthMonitor;
  readonly #rings: SharedArrayBuffer[];
  readonly #workers: WorkerHandle[];
  readonly #view: SupervisorView;
  #spec: Spec;
  #admin: AdminServer | undefined = undefined;
  #logWriter: LogWriter | undefined = undefined;
  /** Reloads run one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Cancels of what waits: nothing may hold the process after `close`. */
  readonly #waiting = new Set<() => void>();

  constructor(spec: Spec, { log, version, workerScript }: SupervisorOptions) {
    this.#spec = spec;
    this.#log = log;
    this.#shared = createShared(spec.workers);
    this.#slots = new SlotTable(this.#shared);
    this.#monitor = new HealthMonitor({
      board: this.#slots,
      clock: this.#clock,
      random: createRandom(randomInt(2 ** 32)),
      probe: createProbe(this.#clock),
      maxProbes: MAX_PROBES,
      onEvent: ({ cluster, endpoint, from, to, reason }) =>
        log({
          level: to === "down" || to === "ejected" ? "warn" : "info",
          event: "endpoint_state",
          message: `endpoint ${endpoint} of cluster ${cluster}: ${from} -> ${to}: ${reason}`,
          fields: { cluster, endpoint, from, to, reason },
        }),
      onPanic: (cluster, panic) =>
        log({
          level: panic ? "error" : "info",
          event: "cluster_panic",
          message: panic
            ? `every endpoint of cluster ${cluster} is bad: all of them are used`
            : `cluster ${cluster} has a usable endpoint again`,
          fields: { cluster, panic },
        }),
    });
    this.#rings = Array.from({ length: spec.workers }, () => createLogRing(LOG_RING_BYTES));
    const script = workerScript ?? new URL("./worker.js", import.meta.url);
    this.#workers = this.#rings.map(
      (logRing, worker) =>
        new WorkerHandle(
          {
            worker,
            workers: spec.workers,
            engine: spec.engine,
            limits: spec.limits,
            metrics: createMetrics(),
            shared: this.#shared.buffer,
            logRing,
            seed: randomInt(2 ** 32),
          },
          script,
          this.#shared,
          this.#clock,
          { log, failures: (cluster, endpoint) => this.#monitor.reportFailures(cluster, endpoint) },
        ),
    );
    this.#view = new SupervisorView(this.#workers, this.#monitor, version ?? "");
  }

  get listening(): readonly Named[] {
    return this.#workers[0].listening;
  }

  get admin(): string | undefined {
    return this.#admin === undefined ? undefined : formatAddress(this.#admin.address);
  }

  async start(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.start()));
    await this.#openLog(this.#spec);
    await this.#apply(this.#spec);
    if (this.#spec.admin !== undefined) {
      this.#admin = await startAdmin({
        address: this.#spec.admin.address,
        source: this.#view,
        onError: (error) =>
          this.#log({
            level: "error",
            event: "admin_error",
            message: error instanceof Error ? error.message : `${error}`,
          }),
      });
    }
    this.#view.ready = true;
  }

  reload(spec: Spec): Promise<void> {
    const done = this.#turn.then(() => this.#reload(spec));
    this.#turn = done.catch(() => {});
    return done;
  }

  async drain(): Promise<void> {
    this.#view.draining = true;
    await this.#turn;
    await Promise.all(this.#workers.map((worker) => worker.drain(this.#spec.drainMs)));
  }

  async close(): Promise<void> {
    for (const cancel of this.#waiting) cancel();
    this.#monitor.close();
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.#admin?.close();
    await this.#logWriter?.close();
    this.#view.close();
  }

  reopenLogs(): void {
    this.#logWriter?.reopen();
  }

  async #reload(spec: Spec): Promise<void> {
    const before = this.#spec;
    this.#warnOfFixed(before, spec);
    try {
      await this.#openLog(spec);
      await this.#apply(spec);
      this.#view.reloads.ok++;
    } catch (error) {
      this.#view.reloads.failed++;
      await this.#apply(before);
      throw error;
    }
    this.#spec = spec;
  }

  async #apply(spec: Spec): Promise<void> {
    const { slots: metricSlots, generation } = this.#metricSlots.assign(spec);
    const slots = this.#slots.assign(spec.clusters);
    const snapshot: Snapshot = { spec, slots, metricSlots };
    const errors = await Promise.all(this.#workers.map((worker) => worker.apply(snapshot)));
    const error = errors.find((text) => text !== undefined);
    if (error !== undefined) throw new LbError("CONFIG_INVALID", error);
    this.#monitor.update(spec.clusters);
    this.#view.show(spec, metricSlots);
    // What left may be counted in until its connections have drained.
    const cancel = this.#clock.after(spec.drainMs + 1000, () => {
      this.#waiting.delete(cancel);
      this.#metricSlots.free(
        generation,
        this.#workers.map((worker) => worker.metrics),
      );
    });
    this.#waiting.add(cancel);
  }

  async #openLog(spec: Spec): Promise<void> {
    if (spec.accessLog?.target === this.#view.logTarget) return;
    const before = this.#logWriter;
    this.#logWriter =
      spec.accessLog === undefined ? undefined : await LogWriter.open(spec.accessLog.target, this.#clock);
    await before?.close();
    this.#logWriter?.setRings(this.#rings);
    this.#view.logTarget = spec.accessLog?.target;
    this.#view.logWriter = this.#logWriter;
  }

  /** What threads and sockets were made with stays until the process starts anew. */
  #warnOfFixed(before: Spec, after: Spec): void {
    const fixed = (["workers", "engine", "admin", "limits"] as const).filter(
      (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
    );
    if (fixed.length === 0) return;
    this.#log({
      level: "warn",
      event: "reload_partial",
      message: `a change of ${fixed.join(", ")} takes effect only after a restart`,
    });
  }
}
