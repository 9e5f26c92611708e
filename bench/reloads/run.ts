/** Reloads that add, remove and reweight endpoints while requests, downloads and WebSockets are under way: what was lost. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { download, SteadyLoad, Talk } from "./clients.js";
import { ReloadEndpoint } from "./endpoint.js";
import { ReloadedProxy } from "./proxy.js";

export interface ReloadsOptions {
  readonly engine: string;
  readonly workers: number;
  readonly reloads: number;
  /** Between the end of a reload and the next. */
  readonly pauseMs: number;
  readonly perSecond: number;
  /** Of each: downloads and WebSockets, begun before the first reload. */
  readonly lasting: number;
  /** A download's length: longer than all reloads together take. */
  readonly downloadSeconds: number;
}

export interface ReloadsReport {
  readonly requests: number;
  readonly perSecond: number;
  readonly failed: readonly string[];
  /** Downloads and WebSockets that did not come to their end. */
  readonly cut: readonly string[];
  readonly echoes: number;
  /** What the proxy says that each reload changed. */
  readonly changes: readonly string[];
  readonly complaints: readonly string[];
}

const ENDPOINTS = 4;

export async function runReloads(options: ReloadsOptions): Promise<ReloadsReport> {
  const { engine, workers, lasting, downloadSeconds } = options;
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-reloads-"));
  const endpoints = await Promise.all(Array.from({ length: ENDPOINTS }, () => ReloadEndpoint.start()));
  const ports = endpoints.map(({ port }) => port);
  const proxy = await ReloadedProxy.start({ engine, workers, ports, file: join(folder, "reloads.yaml") });
  try {
    const downloads = Array.from({ length: lasting }, () => download(proxy.port, downloadSeconds));
    const talks = await Promise.all(Array.from({ length: lasting }, () => Talk.begin(proxy.port)));
    const startedAt = performance.now();
    const load = new SteadyLoad(proxy.port, options.perSecond);
    for (let turn = 1; turn <= options.reloads; turn++) {
      await sleep(options.pauseMs);
      await proxy.reload(turn);
    }
    await sleep(options.pauseMs);
    await load.stop();
    const seconds = (performance.now() - startedAt) / 1000;
    const ends = [...(await Promise.all(talks.map((talk) => talk.end()))), ...(await Promise.all(downloads))];
    const code = await proxy.stop("SIGTERM");
    return {
      requests: load.answered,
      perSecond: Math.round(load.answered / seconds),
      failed: load.failures,
      cut: ends.filter((problem) => problem !== undefined),
      echoes: talks.reduce((sum, { echoes }) => sum + echoes, 0),
      changes: proxy.changes,
      complaints: code === 0 ? proxy.complaints : [...proxy.complaints, `the proxy ended with ${code}`],
    };
  } finally {
    await proxy.stop("SIGKILL");
    for (const endpoint of endpoints) endpoint.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
