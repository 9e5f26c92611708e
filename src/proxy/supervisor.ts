/**
 * The proxy as one object: workers, health checks, access log and admin server of one process, and how they follow a
 * new configuration. Runs on the main thread; nothing here is on the path of a request.
 */
import { randomBytes, randomInt } from "node:crypto";
import { type AdminServer, startAdmin } from "../admin/server.js";
import { type Clock, createClock } from "../base/clock.js";
import { createRandom } from "../base/random.js";
import { Planner } from "../cluster/planner.js";
import { createShared, type SharedState } from "../cluster/shared.js";
import { SlotTable } from "../cluster/slots.js";
import { createSource } from "../discovery/io/create-source.js";
import type { ParseEndpoints } from "../discovery/source.js";
import { MAX_DESCRIPTORS } from "../engine/native/descriptors.js";
import { HealthMonitor } from "../health/io/monitor.js";
import { createProbe } from "../health/io/probe.js";
import { formatAddress } from "../model/address.js";
import type { ChangeProblem, ParseChange } from "../model/endpoint-change.js";
import type { ExplainQuery, Explanation } from "../model/explanation.js";
import { FIXED_KEYS, type Spec } from "../model/spec.js";
import { LogWriter } from "../observe/io/log-writer.js";
import { createMetrics } from "../observe/layout.js";
import { createLogRing } from "../observe/log-ring.js";
import { type SlotMap, Slots } from "../observe/slots.js";
import { Discoveries } from "./discoveries.js";
import { EndpointChanges } from "./endpoint-changes.js";
import { createSampler } from "./endpoint-sampler.js";
import { EndpointSets } from "./endpoint-sets.js";
import { explainRequest } from "./explain/explain-request.js";
import { liveStandpoints } from "./explain/standpoint.js";
import { logPanic, logTransitions } from "./health-log.js";
import type { LogRecord } from "./log-record.js";
import type { Named, Snapshot } from "./messages.js";
import { OverlayStore } from "./overlay-store.js";
import { SourceBuffers } from "./source-buffers.js";
import { SupervisorView } from "./supervisor-view.js";
import { WorkerHandle } from "./worker-handle.js";
import { Workers } from "./workers.js";

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
  /** Reads files of endpoints. Without it they are refused. */
  readonly parseEndpoints?: ParseEndpoints;
  /** Reads what the admin API is told to change. Without it changes are refused. */
  readonly parseChange?: ParseChange;
  /** Another module for worker threads. */
  readonly workerScript?: URL;
}

/** Those that hang for their whole timeout, should a part of the network be gone, must leave room for the others. */
const MAX_PROBES = 256;
const LOG_RING_BYTES = 1 << 20;
/** After the drain deadline of what left: until then its figures are still written. */
const FREE_AFTER_MS = 1000;

const ENDING: ChangeProblem = { code: "REFUSED", message: "the proxy is shutting down", hint: undefined };

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
  readonly #planner: Planner;
  readonly #metricSlots = new Slots();
  readonly #monitor: HealthMonitor;
  readonly #rings: SharedArrayBuffer[];
  readonly #secret = randomBytes(32).toString("hex");
  readonly #sourceBuffers = new SourceBuffers();
  readonly #workers: Workers;
  readonly #view: SupervisorView;
  readonly #discoveries: Discoveries;
  readonly #store: OverlayStore | undefined;
  readonly #sets: EndpointSets;
  readonly #changes: EndpointChanges;
  /** As it was given: endpoints are those of the file. */
  #configured: Spec;
  /** What the workers follow: endpoints are those that there are now. */
  #spec: Spec;
  #admin: AdminServer | undefined = undefined;
  #logWriter: LogWriter | undefined = undefined;
  #logTarget: string | undefined = undefined;
  /** Reloads run one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** A change of endpoints waits for its turn. */
  #isMerging = false;
  /** It drains or ends: what follows now would open listeners again. */
  #isEnding = false;
  /** Timers that wait for what has left to be drained. */
  readonly #cancels = new Set<() => void>();

  constructor(spec: Spec, options: SupervisorOptions) {
    const { log, version, workerScript, parseEndpoints = refuseFiles, parseChange = refuseChanges } = options;
    this.#configured = spec;
    this.#spec = spec;
    this.#log = log;
    this.#shared = createShared(spec.workers);
    this.#slots = new SlotTable(this.#shared, (cluster) => this.#planner.changed(cluster));
    this.#planner = new Planner({
      table: this.#slots,
      clock: this.#clock,
      onPlan: (cluster, plan) => this.#workers.follow(cluster, plan),
      onPanic: logPanic(log),
    });
    this.#monitor = new HealthMonitor({
      board: this.#slots,
      clock: this.#clock,
      random: createRandom(randomInt(2 ** 32)),
      probe: createProbe(this.#clock),
      maxProbes: MAX_PROBES,
      sampler: createSampler(
        () => this.#workers.handles,
        () => this.#view.slots,
      ),
      onEvent: logTransitions(log),
    });
    this.#rings = Array.from({ length: spec.workers }, () => createLogRing(LOG_RING_BYTES));
    const script = workerScript ?? new URL("./worker.js", import.meta.url);
    const handles = this.#rings.map((logRing, worker) => this.#createWorker(worker, logRing, script));
    this.#workers = new Workers(handles, log);
    const tools = { clock: this.#clock, random: createRandom(randomInt(2 ** 32)), parse: parseEndpoints };
    this.#discoveries = new Discoveries({
      clock: this.#clock,
      log,
      createSource: (discovery) => createSource(discovery, tools),
      onChange: () => this.#mergeSoon(),
    });
    this.#store = spec.admin?.state === undefined ? undefined : new OverlayStore(spec.admin.state);
    this.#sets = new EndpointSets(this.#discoveries, this.#store?.load());
    this.#changes = new EndpointChanges({
      sets: this.#sets,
      parse: parseChange,
      inTurn: (task) => this.#inTurn(async () => (this.#isEnding ? ENDING : task())),
      follow: () => this.#follow(this.#configured),
      log,
    });
    const sources = { discovery: this.#discoveries, sets: this.#sets, limits: this.#slots };
    this.#view = new SupervisorView(handles, this.#monitor, sources, version ?? "", (query) => this.#explain(query));
  }

  get listening(): readonly Named[] {
    return this.#workers.listening;
  }

  get admin(): string | undefined {
    return this.#admin === undefined ? undefined : formatAddress(this.#admin.address);
  }

  async start(): Promise<void> {
    await this.#workers.start();
    const spec = this.#configured;
    await this.#useLog(spec, await this.#openLog(spec));
    await this.#discoveries.prepare(spec.clusters);
    await this.#follow({ ...spec, listeners: await this.#workers.prepare(spec.listeners, []) });
    if (spec.admin !== undefined) {
      this.#admin = await startAdmin({
        address: spec.admin.address,
        token: spec.admin.token,
        source: this.#view,
        endpoints: this.#changes,
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
    return this.#inTurn(() => this.#reload(spec));
  }

  /** Whatever changes what the workers follow happens one after the other. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(task);
    this.#turn = done.catch(() => {});
    return done;
  }

  async drain(): Promise<void> {
    this.#view.draining = true;
    this.#isEnding = true;
    await this.#turn;
    await this.#workers.drain(this.#spec.drainMs);
  }

  async close(): Promise<void> {
    this.#isEnding = true;
    this.#discoveries.close();
    this.#monitor.close();
    this.#planner.close();
    for (const cancel of this.#cancels) cancel();
    await this.#workers.stop();
    await this.#admin?.close();
    await this.#logWriter?.close();
    this.#view.close();
  }

  reopenLogs(): void {
    this.#logWriter?.reopen();
  }

  #explain(query: ExplainQuery): Explanation | string {
    const reasonOf = (cluster: string, endpoint: string) => this.#monitor.endpoint(cluster, endpoint)?.reason ?? "";
    const now = this.#clock.now();
    const standpoints = liveStandpoints(this.#spec, this.#slots, this.#planner, this.#shared, now, reasonOf);
    return explainRequest(this.#spec, query, standpoints);
  }

  #createWorker(worker: number, logRing: SharedArrayBuffer, script: URL): WorkerHandle {
    const { workers, engine, limits } = this.#spec;
    const start = {
      worker,
      workers,
      engine,
      limits,
      metrics: createMetrics(),
      shared: this.#shared.buffer,
      logRing,
      descriptors: new SharedArrayBuffer(MAX_DESCRIPTORS),
      seed: randomInt(2 ** 32),
      secret: this.#secret,
      timeOrigin: performance.timeOrigin,
    };
    return new WorkerHandle(start, script, this.#shared, this.#clock, {
      log: this.#log,
      failures: (cluster, endpoint, row) => this.#monitor.reportFailures(cluster, endpoint, row),
    });
  }

  /** First what can fail and be undone without a trace, then what changes something. */
  async #reload(spec: Spec): Promise<void> {
    const before = this.#configured;
    let writer: LogWriter | undefined;
    try {
      writer = await this.#openLog(spec);
      // May take seconds: before anything is bound that would not be served meanwhile.
      await this.#discoveries.prepare(spec.clusters);
      const listeners = await this.#workers.prepare(spec.listeners, before.listeners);
      await this.#follow({ ...spec, listeners });
    } catch (error) {
      this.#sets.abandon();
      this.#view.reloads.failed++;
      if (writer !== this.#logWriter) await writer?.close();
      throw error;
    }
    await this.#useLog(spec, writer);
    this.#warnOfFixed(before, spec);
    this.#view.reloads.ok++;
  }

  /**
   * The addresses are bound: nothing here can fail but for want of slots, which changes nothing. Resolves with why changes of
   * endpoints could not be kept, where they could not.
   */
  async #follow(configured: Spec): Promise<string | undefined> {
    const spec = this.#sets.merge(configured);
    const { slots: metricSlots, generation } = this.#metricSlots.assign(spec);
    try {
      const snapshot = this.#snapshot(spec, metricSlots);
      if (configured === this.#configured) await this.#workers.amend(snapshot, this.#sets.changed());
      else await this.#workers.apply(snapshot);
    } catch (error) {
      await this.#goBack();
      throw error;
    }
    this.#slots.commit();
    this.#sets.commit();
    this.#configured = configured;
    this.#spec = spec;
    this.#monitor.update(spec.clusters);
    this.#sets.holdAll((cluster, id, held) => this.#monitor.hold(cluster, id, held));
    this.#view.show(spec, metricSlots);
    this.#freeLater(generation, spec.drainMs + FREE_AFTER_MS);
    return this.#keepChanges();
  }

  /** Whatever was followed: a reload may have ended some of what operators had changed. Returns why it failed. */
  #keepChanges(): string | undefined {
    try {
      this.#store?.keep(this.#sets.allOverlays());
      return undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : `${error}`;
      this.#log({
        level: "error",
        event: "admin_state_failed",
        message: `changes of endpoints cannot be kept: ${why}`,
      });
      return why;
    }
  }

  /** Endpoints have changed besides the configuration. Changes that come meanwhile are followed together. */
  #mergeSoon(): void {
    if (this.#isMerging) return;
    this.#isMerging = true;
    void this.#inTurn(async () => {
      this.#isMerging = false;
      if (this.#isEnding) return;
      try {
        await this.#follow(this.#configured);
      } catch (error) {
        this.#sets.abandon();
        const message = `endpoints cannot change: ${error instanceof Error ? error.message : error}`;
        this.#log({ level: "error", event: "endpoints_failed", message });
      }
    });
  }

  async #goBack(): Promise<void> {
    const spec = this.#spec;
    const { slots: metricSlots } = this.#metricSlots.assign(spec);
    await this.#workers.apply(this.#snapshot(spec, metricSlots));
    this.#slots.commit();
  }

  #snapshot(spec: Spec, metricSlots: SlotMap): Snapshot {
    const slots = this.#slots.assign(spec.clusters);
    const sources = this.#sourceBuffers.assign(spec.clusters);
    return { spec, slots, plans: this.#planner.assign(spec.clusters), metricSlots, sources };
  }

  /** What left may be counted in until its connections have drained. */
  #freeLater(generation: number, ms: number): void {
    const cancel = this.#clock.after(ms, () => {
      this.#cancels.delete(cancel);
      this.#metricSlots.free(
        generation,
        this.#workers.handles.map((worker) => worker.metrics),
      );
    });
    this.#cancels.add(cancel);
  }

  /** The writer for `spec`: the one in use where the target stays. */
  async #openLog({ accessLog }: Spec): Promise<LogWriter | undefined> {
    if (accessLog === undefined) return undefined;
    return accessLog.target === this.#logTarget ? this.#logWriter : LogWriter.open(accessLog.target, this.#clock);
  }

  /** Rings are read by one writer at a time: the old one ends first. */
  async #useLog({ accessLog }: Spec, writer: LogWriter | undefined): Promise<void> {
    this.#logTarget = accessLog?.target;
    if (writer === this.#logWriter) return;
    const before = this.#logWriter;
    this.#logWriter = writer;
    this.#view.logWriter = writer;
    await before?.close();
    writer?.setRings(this.#rings);
  }

  #warnOfFixed(before: Spec, after: Spec): void {
    const fixed = FIXED_KEYS.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
    if (fixed.length === 0) return;
    this.#log({
      level: "warn",
      event: "reload_partial",
      message: `a change of ${fixed.join(", ")} takes effect only after a restart`,
    });
  }
}

function refuseFiles(file: string): never {
  throw new Error(`${file} cannot be read: this program knows no syntax for it`);
}

function refuseChanges(): ChangeProblem {
  return { code: "REFUSED", message: "this program does not take changes", hint: undefined };
}
