/**
 * One soak run: proxy, endpoints and clients as processes, so many random requests through one engine, and at the end
 * whether every body came whole and the proxy is as it was before.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClientOrder, FromClients, Tally } from "./client-process.js";
import { type Level, RunningProxy, sumOf } from "./proxy.js";
import { createRecipe } from "./recipe.js";

export interface SoakOptions {
  readonly engine: string;
  readonly workers: number;
  readonly requests: number;
  readonly connections: number;
  readonly seed: number;
  /** Kill an endpoint with SIGKILL and start it again, so often in milliseconds; 0 = never. */
  readonly killMs: number;
  /** Reload another configuration so often; 0 = never. */
  readonly reloadMs: number;
  readonly onProgress: (done: number, tally: Tally, residentBytes: number) => void;
}

export interface SoakReport {
  readonly engine: string;
  readonly requests: number;
  readonly seconds: number;
  readonly proxyCpuSeconds: number;
  readonly connections: number;
  readonly tally: Tally;
  readonly before: Level;
  readonly after: Level;
  /** Resident bytes of the proxy: a quarter into the run, and at its end (means over a tenth of it). */
  readonly residentEarly: number;
  readonly residentLate: number;
  readonly kills: number;
  readonly reloads: number;
  /** Everything that must not be; empty after a good run. */
  readonly failures: readonly string[];
}

const ENDPOINTS = 3;
const ENDPOINT = fileURLToPath(new URL("./endpoint-process.js", import.meta.url));
const CLIENTS = fileURLToPath(new URL("./client-process.js", import.meta.url));
const MAX_FAILURES = 20;
const SAMPLE_MS = 500;
/** How long pools, timers and lingering connections may take to go. */
const SETTLE_MS = 15_000;
/** Growth that is noise: a heap that has not been collected, buffers that were touched late. */
const GROWTH_BYTES = 48 << 20;

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const run = new SoakRun(options);
  try {
    return await run.run();
  } finally {
    await run.end();
  }
}

class SoakRun {
  readonly #options: SoakOptions;
  readonly #failures: string[] = [];
  /** Requests that failed. */
  readonly #failed = new Set<number>();
  readonly #folder = mkdtempSync(join(tmpdir(), "plimsoll-soak-"));
  readonly #children = new Set<ChildProcess>();
  readonly #endpoints: ChildProcess[] = [];
  readonly #ports: number[] = [];
  readonly #resident: number[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #proxy: RunningProxy | undefined = undefined;
  #kills = 0;
  #reloads = 0;
  #isEnding = false;
  #isRestarting = false;

  constructor(options: SoakOptions) {
    this.#options = options;
  }

  async run(): Promise<SoakReport> {
    const { engine, workers, requests } = this.#options;
    for (let i = 0; i < ENDPOINTS; i++) this.#ports.push(await this.#startEndpoint(i, 0));
    const proxy = await RunningProxy.start({
      engine,
      workers,
      endpoints: this.#ports,
      file: join(this.#folder, "soak.yaml"),
    });
    this.#proxy = proxy;
    await sleep(SAMPLE_MS);
    const before = await proxy.level();
    const startedAt = performance.now();
    const cpuBefore = proxy.cpuSeconds();
    this.#disturb(proxy);
    const last = await this.#runClients(proxy);
    const seconds = (performance.now() - startedAt) / 1000;
    const proxyCpuSeconds = proxy.cpuSeconds() - cpuBefore;
    for (const timer of this.#timers) clearInterval(timer);
    if (last.done !== requests) this.#fail(-1, `${last.done} of ${requests} requests are done`);
    const after = await this.#settle(proxy, before);
    const residentEarly = this.#meanResident(0.25, 0.35);
    const residentLate = this.#meanResident(0.9, 1);
    if (residentLate > residentEarly * 1.1 + GROWTH_BYTES) {
      this.#fail(-1, `memory grew from ${residentEarly} to ${residentLate} bytes`);
    }
    await this.#check(proxy);
    if (this.#failed.size > 0) this.#failures.push(...(await proxy.logged(this.#failed)));
    this.#isEnding = true;
    const code = await proxy.stop();
    if (code !== 0) this.#fail(-1, `the proxy ended with ${code} on SIGTERM`);
    return {
      engine: proxy.engine,
      requests,
      seconds,
      proxyCpuSeconds,
      connections: last.connections,
      tally: last.tally,
      before,
      after,
      residentEarly,
      residentLate,
      kills: this.#kills,
      reloads: this.#reloads,
      failures: this.#failures,
    };
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const child of this.#children) child.kill("SIGKILL");
    await this.#proxy?.stop("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #startEndpoint(index: number, port: number): Promise<number> {
    const child = fork(ENDPOINT, [String(this.#options.seed), String(port)]);
    this.#children.add(child);
    this.#endpoints[index] = child;
    child.on("exit", () => this.#children.delete(child));
    return new Promise((resolve) => {
      child.on("message", (message: { kind: string; id: number; text: string; port: number }) => {
        if (message.kind === "listening") resolve(message.port);
        else this.#fail(message.id, message.text);
      });
    });
  }

  #runClients(proxy: RunningProxy): Promise<Extract<FromClients, { kind: "done" }>> {
    const { seed, requests, connections, killMs, onProgress } = this.#options;
    const order: ClientOrder = {
      seed,
      engine: proxy.engine,
      port: proxy.port,
      requests,
      connections,
      kills: killMs > 0,
    };
    const child = fork(CLIENTS, [JSON.stringify(order)]);
    this.#children.add(child);
    return new Promise((resolve, reject) => {
      child.on("message", (message: FromClients) => {
        if (message.kind === "failure") {
          this.#fail(message.id, message.text);
          if (this.#failures.length >= MAX_FAILURES) child.kill("SIGKILL");
          return;
        }
        if (message.kind === "done") resolve(message);
        this.#resident.push(proxy.resident());
        onProgress(message.done, message.tally, this.#resident.at(-1)!);
      });
      child.on("exit", (code, signal) => {
        this.#children.delete(child);
        reject(
          new Error(`the clients ended (${code ?? signal}):\n${[...this.#failures, ...proxy.complaints].join("\n")}`),
        );
      });
    });
  }

  #disturb(proxy: RunningProxy): void {
    const { killMs, reloadMs } = this.#options;
    if (killMs > 0) this.#timers.push(setInterval(() => this.#killOne(), killMs));
    if (reloadMs > 0) {
      this.#timers.push(
        setInterval(() => {
          this.#reloads++;
          proxy.reload();
        }, reloadMs),
      );
    }
  }

  /** The next endpoint in turn, back at once on its old port. Never a second one before the first is back. */
  #killOne(): void {
    if (this.#isRestarting) return;
    this.#isRestarting = true;
    const index = this.#kills++ % ENDPOINTS;
    const child = this.#endpoints[index];
    child.on("exit", () => {
      if (this.#isEnding) return;
      void this.#startEndpoint(index, this.#ports[index]).then(() => {
        this.#isRestarting = false;
      });
    });
    child.kill("SIGKILL");
  }

  /** Waits until the proxy is as it was, and complains about what does not go. */
  async #settle(proxy: RunningProxy, before: Level): Promise<Level> {
    const until = performance.now() + SETTLE_MS;
    for (;;) {
      const now = await proxy.level();
      const rest = (["descriptors", "buffers", "open", "active"] as const).filter((key) => now[key] !== before[key]);
      if (rest.length === 0) return now;
      if (performance.now() > until) {
        for (const key of rest) this.#fail(-1, `${key}: ${before[key]} before, ${now[key]} after`);
        return now;
      }
      await sleep(SAMPLE_MS);
    }
  }

  async #check(proxy: RunningProxy): Promise<void> {
    const metrics = await proxy.metrics();
    for (const name of ["plimsoll_worker_restarts_total", "plimsoll_worker_uncaught_errors_total"]) {
      const count = sumOf(metrics, new RegExp(`^${name}\\b`));
      if (count !== 0) this.#fail(-1, `${name} is ${count}`);
    }
    for (const line of proxy.complaints) this.#fail(-1, `the proxy's log says ${line}`);
  }

  #meanResident(from: number, to: number): number {
    const count = this.#resident.length;
    const part = this.#resident.slice(Math.floor(from * count), Math.max(1, Math.ceil(to * count)));
    return Math.round(part.reduce((sum, each) => sum + each, 0) / part.length);
  }

  #fail(id: number, text: string): void {
    if (this.#failures.length >= MAX_FAILURES) return;
    if (id >= 0) this.#failed.add(id);
    const recipe = id < 0 ? "" : ` ${JSON.stringify(createRecipe(this.#options.seed, id))}`;
    this.#failures.push(`${text}${recipe}`);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
