/**
 * The life of a running proxy: start, reload, drain, end. A reload that cannot be used changes nothing. Signals arrive
 * as calls, so that all of this runs in a test.
 */

import type { Loaded } from "../config/load.js";
import { ConfigError, type Problem, placeOf } from "../config/problem.js";
import { type Address, formatAddress } from "../model/address.js";
import type { Spec } from "../model/spec.js";
import type { Log } from "./log.js";
import { reportProblems } from "./report.js";

/** The part of proxy/supervisor.ts that is used here. */
export interface Supervisor {
  reload(spec: Spec): Promise<void>;
  /** Stops accepting and waits until the last connection has ended. */
  drain(): Promise<void>;
  /** Ends at once. */
  close(): Promise<void>;
  readonly listening: readonly { readonly name: string; readonly address: Address }[];
}
export type StartSupervisor = (spec: Spec, options: { readonly log: Log }) => Promise<Supervisor>;

export interface RunOptions {
  /** For the log: the file's name, or `flags`. */
  readonly source: string;
  readonly load: () => Promise<Loaded>;
  readonly start: StartSupervisor;
  readonly log: Log;
  /** Writes a pretty report of problems. */
  readonly show: (text: string) => void;
  /** Resolves after so many milliseconds. */
  readonly after: (ms: number, task: () => void) => () => void;
}

export interface Running {
  readonly supervisor: Supervisor;
  /** Loads again and applies it. @param always false: only if the text is another one */
  reload(always: boolean): Promise<void>;
  /** Drains within `drain` of the configuration, then resolves with 0. */
  stop(): Promise<0>;
}

/** @throws ConfigError for a bad configuration, LbError where the proxy cannot start */
export async function run(options: RunOptions): Promise<Running> {
  const { source, load, start, log, show } = options;
  let loaded = await load();
  warn(loaded.warnings, log);
  const supervisor = await start(loaded.spec, { log });
  log({ level: "info", event: "started", message: `running ${source}`, fields: describe(loaded.spec, supervisor) });

  let reloading: Promise<void> = Promise.resolve();
  let isStopping = false;
  const reloadNow = async (always: boolean): Promise<void> => {
    if (isStopping) return;
    try {
      const next = await load();
      if (!always && next.text !== undefined && next.text === loaded.text) return;
      warn(next.warnings, log);
      await supervisor.reload(next.spec);
      loaded = next;
      log({ level: "info", event: "reloaded", message: `reloaded ${source}`, fields: describe(next.spec, supervisor) });
    } catch (error) {
      const fields = { error: (error as Error).message };
      log({ level: "error", event: "reload_failed", message: `${source} was not taken; the old one stays`, fields });
      if (error instanceof ConfigError) show(reportProblems(error));
    }
  };
  return {
    supervisor,
    // One after the other: two reloads at once could end in the wrong order.
    reload: (always) => (reloading = reloading.then(() => reloadNow(always))),
    stop: async () => {
      isStopping = true;
      await reloading;
      const { drainMs } = loaded.spec;
      log({ level: "info", event: "draining", message: `waiting up to ${drainMs} ms for open connections` });
      const isDrained = await within(drainMs, supervisor.drain(), options.after);
      if (!isDrained) log({ level: "warn", event: "drain_timeout", message: "closing what is still open" });
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

function warn(warnings: readonly Problem[], log: Log): void {
  for (const warning of warnings) {
    const fields = { at: placeOf(warning), hint: warning.hint };
    log({ level: "warn", event: "config_warning", message: warning.message, fields });
  }
}

function describe(spec: Spec, supervisor: Supervisor) {
  return {
    listeners: supervisor.listening.map(({ address }) => formatAddress(address)),
    workers: spec.workers,
    clusters: spec.clusters.length,
    admin: spec.admin === undefined ? undefined : formatAddress(spec.admin.address),
  };
}
