/** What everything in one worker shares. Made once per worker; configuration changes replace only its clusters. */
import type { Random } from "../base/random.js";
import type { SharedState } from "../cluster/shared.js";
import type { Engine } from "../engine/engine.js";
import type { FailureRow } from "../model/outcome.js";
import type { OverloadSpec } from "../model/spec.js";
import type { AccessLog } from "../observe/access-log.js";
import { AccessRecord } from "../observe/access-record.js";
import { W } from "../observe/layout.js";
import { isShed } from "../resilience/shedding.js";
import type { LogRecord } from "./log-record.js";

/** Sends something to the main thread that must be heard of there. */
export interface MainThread {
  log(record: LogRecord): void;
  /** An endpoint failed as often in a row as its cluster tolerates of that kind. */
  failures(cluster: string, endpoint: string, row: FailureRow): void;
}

type ContextParts = Pick<
  ProxyContext,
  "engine" | "metrics" | "shared" | "worker" | "random" | "secret" | "main" | "wallClock" | "clockOffset"
>;

export class ProxyContext {
  readonly engine: Engine;
  /** This worker's figures (observe/layout.ts). */
  readonly metrics: Float64Array;
  readonly shared: SharedState;
  readonly worker: number;
  readonly random: Random;
  /** Of this process. */
  readonly secret: string;
  readonly main: MainThread;
  /** Wall clock, milliseconds since 1970; only read when something is logged. */
  readonly wallClock: () => number;
  /** What this thread's clock is behind the process's, milliseconds: what threads share is told by the latter. */
  readonly clockOffset: number;
  accessLog: AccessLog | undefined = undefined;
  /** Of requests whose responses say how they were chosen; empty = none do. */
  explainToken: Uint8Array = new Uint8Array(0);
  readonly accessRecord = new AccessRecord();
  /** No new connections are accepted, and each connection ends with its exchange. */
  draining = false;
  /** Client connections open now, over all listeners. */
  connections = 0;
  maxConnections = Number.POSITIVE_INFINITY;
  overload: OverloadSpec = { bufferPercent: 0, delayMs: 0 };
  /** How many priority classes are refused, from the lowest, because this worker is overloaded. */
  shedLevel = 0;
  /** Called when a client connection ended while draining. */
  onConnectionEnd: () => void = () => {};

  constructor(parts: ContextParts) {
    this.engine = parts.engine;
    this.metrics = parts.metrics;
    this.shared = parts.shared;
    this.worker = parts.worker;
    this.random = parts.random;
    this.secret = parts.secret;
    this.main = parts.main;
    this.wallClock = parts.wallClock;
    this.clockOffset = parts.clockOffset;
  }

  /** Milliseconds of the process's clock, as of this turn of the loop. */
  now(): number {
    return this.engine.now() + this.clockOffset;
  }

  /** Whether one of this class (index in PRIORITIES) is refused now; if so it is counted. */
  sheds(priority: number): boolean {
    if (this.shedLevel === 0 || !isShed(this.shedLevel, priority)) return false;
    this.metrics[W.SHED_HIGH + priority]++;
    return true;
  }

  /** A client connection is gone. */
  connectionEnded(): void {
    this.connections--;
    if (this.draining) this.onConnectionEnd();
  }
}
