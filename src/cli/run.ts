/**
 * The life of a running proxy: start, reload, drain, end. A reload that cannot be used changes nothing. Signals arrive
 * as calls, so that all of this runs in a test.
 */

import { diffSpecs, summarizeChanges } from "../config/diff.js";
import type { Loaded } from "../config/load.js";
import { ConfigError } from "../config/problem.js";
import { formatAddress } from "../model/address.js";
import type { Spec } from "../model/spec.js";
import type { Supervisor, SupervisorOptions } from "../proxy/supervisor.js";
import type { Log } from "./log.js";
import { logProblems } from "./report.js";

/** What is used of a proxy here. */
export type RunningProxy = Pick<Supervisor, "reload" | "drain" | "close" | "reopenLogs" | "listening" | "admin">;
export type StartSupervisor<S = Supervisor> = (spec: Spec, options: SupervisorOptions) => Promise<S>;

/** Draining has its own limit; only a worker that hangs is still at it this much later. */
const HANG_MS = 2000;

export interface RunOptions {
  /** For the log: the file's name, or `flags`. */
  readonly source: string;
  readonly load: () => Promise<Loaded>;
  readonly start: StartSupervisor<RunningProxy>;
  readonly version: string;
  readonly log: Log;
  /** Tells why a configuration was not taken. */
  readonly show: (error: ConfigError) => void;
  /** Runs `task` after so many milliseconds, unless the returned function is called before. */
  readonly after: (ms: number, task: () => void) => () => void;
}

export interface Running {
  /** Loads again and applies it. @param always false: only if the text is another one */
  reload(always: boolean): Promise<void>;
  /** Opens the access log anew, after rotation. */
  reopenLogs(): void;
  /** Drains within `drain` of the configuration, then resolves with 0. */
  stop(): Promise<0>;
}

/** @throws ConfigError for a bad configuration, LbError where the proxy cannot start */
export async function run(options: RunOptions): Promise<Running> {
  const { source, load, start, log, show } = options;
  let loaded = await load();
  logProblems(loaded.warnings, log);
  const supervisor = await start(loaded.spec, { log, version: options.version });
  log({ level: "info", event: "started", message: `running ${source}`, fields: describe(loaded.spec, supervisor) });

  let reloading: Promise<void> = Promise.resolve();
  let isStopping = false;
  const reloadNow = async (always: boolean): Promise<void> => {
    if (isStopping) return;
    try {
      const next = await load();
      if (!always && next.text !== undefined && next.text === loaded.text) return;
      logProblems(next.warnings, log);
      await supervisor.reload(next.spec);
      const changes = summarizeChanges(diffSpecs(loaded.spec, next.spec));
      loaded = next;
      const fields = { ...describe(next.spec, supervisor), changes };
      log({ level: "info", event: "reloaded", message: `reloaded ${source}: ${changes}`, fields });
    } catch (error) {
      const fields = { error: (error as Error).message };
      log({ level: "error", event: "reload_failed", message: `${source} was not taken; the old one stays`, fields });
      if (error instanceof ConfigError) show(error);
    }
  };
  return {
    reopenLogs: () => supervisor.reopenLogs(),
    // One after the other: two reloads at once could end in the wrong order.
    reload: (always) => (reloading = reloading.then(() => reloadNow(always))),
    stop: async () => {
      isStopping = true;
      await reloading;
      const { drainMs } = loaded.spec;
      log({ level: "info", event: "draining", message: `waiting up to ${drainMs} ms for open connections` });
      const isDrained = await within(drainMs + HANG_MS, supervisor.drain(), options.after);
      if (!isDrained) log({ level: "error", event: "drain_hangs", message: "a worker does not answer; ending it" });
      await supervisor.close();
      log({ level: "info", event: "stopped", message: "stopped" });
      return 0;
    },
  };
}

function within(ms: number, work: Promise<void>, after: RunOptions["after"]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = after(ms, () => resolve(false));
    work.then(() => resolve(true), reject).finally(cancel);
  });
}

function describe(spec: Spec, supervisor: RunningProxy) {
  return {
    listeners: supervisor.listening.map(({ address }) => formatAddress(address)),
    workers: spec.workers,
    clusters: spec.clusters.length,
    admin: supervisor.admin,
  };
}
