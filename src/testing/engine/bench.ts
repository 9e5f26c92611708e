/** The test's side of an engine under test: starts its thread, commands it, waits for its reports, checks for leaks. */
import assert from "node:assert/strict";
import type net from "node:net";
import type { TestContext } from "node:test";
import type { Address } from "../../model/address.js";
import { descriptors } from "./descriptors.js";
import { type Host, ProcessHost, ThreadHost } from "./host.js";
import type { Action, Command, EngineSetup, Look, Moment, Report } from "./protocol.js";
import type { EngineVariant } from "./variant.js";

type ConnReport = "accept" | "open" | "drain" | "end" | "connecting";
/** The report of type T. */
type Of<T extends Report["type"]> = T extends ConnReport
  ? { readonly type: T; readonly conn: number }
  : Extract<Report, { readonly type: T }>;

interface Waiter {
  readonly matches: (report: Report) => boolean;
  readonly resolve: (report: Report) => void;
  readonly reject: (error: Error) => void;
}

/** A test that waits for a report this long waits for ever. */
const PATIENCE_MS = 20_000;

export class Bench {
  readonly #t: TestContext;
  readonly #host: Host;
  #reports: Report[] = [];
  #waiters: Waiter[] = [];
  #failure: Error | undefined = undefined;
  #finished = false;
  #stopping = false;
  readonly #patience = setTimeout(() => this.#fail(new Error("the engine hangs")), PATIENCE_MS);
  readonly #resources: (net.Socket | net.Server)[] = [];
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  private constructor(t: TestContext, setup: EngineSetup, maxDescriptors: number | undefined) {
    this.#t = t;
    const listener = {
      onReport: (report: Report) => this.#receive(report),
      onError: (error: Error) => this.#fail(error),
    };
    this.#host =
      maxDescriptors === undefined ? new ThreadHost(setup, listener) : new ProcessHost(setup, maxDescriptors, listener);
  }

  /**
   * An engine in a thread of its own, or where `maxDescriptors` is given in a process that may have no more than these
   * open. It is stopped and checked for leaks when the test ends, whatever happens.
   */
  static async start(
    t: TestContext,
    kind: EngineVariant,
    setup: Partial<EngineSetup> = {},
    maxDescriptors?: number,
  ): Promise<Bench> {
    const defaults = {
      buffers: 512,
      highWaterBytes: 262_144,
      lowWaterBytes: 65_536,
      backlog: 511,
      reusePort: false,
    };
    descriptors.enter();
    const bench = new Bench(t, { ...defaults, ...setup, kind }, maxDescriptors);
    t.after(() => bench.finish());
    await bench.take("ready");
    return bench;
  }

  tell(...commands: readonly Command[]): void {
    if (this.#stopping) return;
    this.#stopping = commands.some((command) => command.do === "stop");
    this.#host.tell(commands);
  }

  /** From the moment this resolves, callbacks `on` do `actions`. */
  async react(on: Moment, ...actions: readonly Action[]): Promise<void> {
    this.tell({ do: "react", on, actions });
    await this.look();
  }

  /** The oldest report of this type (and connection) that was not taken yet. Others stay for later calls. */
  take<T extends Report["type"]>(type: T, conn?: number): Promise<Of<T>> {
    const matches = matching(type, conn);
    const index = this.#reports.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.#reports.splice(index, 1)[0] as Of<T>);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise<Report>((resolve, reject) => this.#waiters.push({ matches, resolve, reject })) as Promise<Of<T>>;
  }

  /** True if such a report lies here untaken. */
  has(type: Report["type"], conn?: number): boolean {
    return this.#reports.some(matching(type, conn));
  }

  /** Takes a report of which `has` says that it is here. */
  drop<T extends Report["type"]>(type: T): Of<T> {
    return this.#reports.splice(this.#reports.findIndex(matching(type, undefined)), 1)[0] as Of<T>;
  }

  /** The text of the next `length` bytes that connection `conn` received. */
  async text(conn: number, length: number): Promise<string> {
    let text = "";
    while (text.length < length) text += (await this.take("data", conn)).text;
    return text;
  }

  async listen(at: Address = { family: "ip4", host: "127.0.0.1", port: 0 }): Promise<Address> {
    this.tell({ do: "listen", at });
    return (await this.take("listening")).address;
  }

  async connect(to: Address, timeoutMs = 5000): Promise<number> {
    this.tell({ do: "connect", to, timeoutMs });
    return (await this.take("connecting")).conn;
  }

  /** State of the engine and of one connection, after everything told so far. */
  async look(conn = 0): Promise<Look> {
    this.tell({ do: "look", conn });
    return (await this.take("looked")).look;
  }

  /** Closes `resource` before the engine's descriptors are counted. */
  own<T extends net.Socket | net.Server>(resource: T): T {
    this.#resources.push(resource);
    // A connection may still come in while the test ends.
    if (this.#finished) this.#releaseResources();
    return resource;
  }

  /** Runs `cleanup` before the descriptors are counted. */
  defer(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  /** Stops the engine. Fails if it broke its contract, lost a buffer or left a descriptor open. */
  async finish(): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    this.#releaseResources();
    clearTimeout(this.#patience);
    if (this.#failure !== undefined) {
      descriptors.leave();
      this.tell({ do: "stop" });
      throw this.#failure;
    }
    this.tell({ do: "drop" }, { do: "stop" });
    const { used, open } = await this.take("stopped");
    await this.#host.gone;
    for (const cleanup of this.#cleanups) await cleanup();
    const leaked = descriptors.leave();
    assert.equal(open, 0, "no connection is counted as open after stop");
    assert.equal(used, 0, "every buffer is back in the pool after stop");
    assert.deepEqual(leaked, [], "no descriptor is open after stop");
  }

  #receive(report: Report): void {
    if (report.type === "violation") {
      this.#fail(new Error(`contract broken: ${report.text}`));
      return;
    }
    const index = this.#waiters.findIndex((waiter) => waiter.matches(report));
    if (index < 0) this.#reports.push(report);
    else this.#waiters.splice(index, 1)[0].resolve(report);
  }

  #releaseResources(): void {
    for (const resource of this.#resources) {
      if ("destroy" in resource) resource.destroy();
      else resource.close();
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#t.diagnostic(error.stack ?? error.message);
    // Whoever waits for a peer wakes up too.
    this.#releaseResources();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }
}

function matching(type: Report["type"], conn: number | undefined): (report: Report) => boolean {
  return (report) => report.type === type && (conn === undefined || ("conn" in report && report.conn === conn));
}
