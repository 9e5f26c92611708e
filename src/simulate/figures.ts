/** What a run found out: plain numbers, for the report and for JSON. Times are milliseconds. */
import type { Latency } from "./samples.js";

export interface Figures {
  readonly cluster: string;
  readonly policy: string;
  readonly seed: number;
  readonly durationMs: number;
  readonly warmupMs: number;
  /** Requests that came after the warm-up; `ok` + `failed` + `unfinished`. */
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  /** Still under way when the simulation gave up waiting. */
  readonly unfinished: number;
  /** Answered in time per second of the time that counts. */
  readonly goodput: number;
  /** What failed requests ended with, sorted by name: an error code, or `STATUS 503`. */
  readonly errors: Readonly<Record<string, number>>;
  readonly tries: number;
  readonly retries: number;
  /** Retries that the rules wanted and the budget refused. */
  readonly retriesDenied: number;
  /** Tries that had to wait for room, warm-up included. */
  readonly queued: number;
  readonly ejections: number;
  /** Milliseconds in which all endpoints were bad and therefore all used. */
  readonly panicMs: number;
  /** Of requests that were answered. */
  readonly latency: Latency;
  readonly imbalance: Imbalance;
  readonly endpoints: readonly EndpointFigures[];
  readonly timeline: readonly Interval[];
  readonly events: readonly Event[];
}

/** Per weight: an endpoint of twice the weight is balanced with twice the load. 1 and 0 are perfect. */
export interface Imbalance {
  /** Tries of the endpoint with the most, over the mean. */
  readonly triesMaxOverMean: number;
  /** Standard deviation over mean. */
  readonly triesVariation: number;
  /** In flight at the busiest endpoint, mean over time. */
  readonly activeMax: number;
  readonly activeMaxOverMean: number;
  readonly activeVariation: number;
}

export interface EndpointFigures {
  readonly id: string;
  readonly weight: number;
  readonly tries: number;
  /** Of all tries, 0..1. */
  readonly share: number;
  readonly failures: number;
  /** In flight, mean over time. */
  readonly active: number;
  readonly activePeak: number;
  /** Of a try that was answered, mean. */
  readonly latencyMs: number;
  /** Share of its servers' time that was used; undefined without a limit of servers. */
  readonly utilisation: number | undefined;
  readonly ejections: number;
}

/** One of `INTERVALS` equal parts of the run. */
export interface Interval {
  readonly fromMs: number;
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  readonly tries: number;
  /** Of those answered in it. */
  readonly p50: number;
  readonly p99: number;
}

export interface Event {
  readonly atMs: number;
  readonly endpoint: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}
