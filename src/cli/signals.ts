/**
 * What the signals mean. The first SIGTERM or SIGINT drains; the second exits at once with 128 + its number, as a shell
 * expects of a process that a signal ended. SIGHUP reloads, and opens logs anew after their rotation.
 */
import type { Log } from "./log.js";

export interface SignalActions {
  readonly log: Log;
  stop(): void;
  reload(): void;
  exit(code: number): void;
}

/** Where signals come from: a process, or an emitter in a test. */
export interface SignalSource {
  on(signal: "SIGTERM" | "SIGINT" | "SIGHUP", listener: () => void): unknown;
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export function onSignals(source: SignalSource, actions: SignalActions): void {
  let isStopping = false;
  const end = (signal: keyof typeof EXIT_CODES) => (): void => {
    actions.log({ level: "info", event: "signal", message: `${signal} received` });
    if (isStopping) actions.exit(EXIT_CODES[signal]);
    else actions.stop();
    isStopping = true;
  };
  source.on("SIGTERM", end("SIGTERM"));
  source.on("SIGINT", end("SIGINT"));
  source.on("SIGHUP", () => {
    actions.log({ level: "info", event: "signal", message: "SIGHUP received" });
    actions.reload();
  });
}
