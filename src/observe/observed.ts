/** What the main thread knows at the moment somebody looks: the one input of the metrics page and the cluster view. */
import type { Origin, Spec } from "../model/spec.js";
import type { SlotMap } from "./slots.js";

export interface Observed {
  readonly spec: Spec;
  /** Of the same spec. */
  readonly slots: SlotMap;
  readonly workers: readonly WorkerView[];
  readonly main: MainView;
  status(cluster: string, endpoint: string): EndpointStatus;
  /** undefined for a cluster that only has its own list. */
  discovery(cluster: string): DiscoveryStatus | undefined;
  /** What checks and outlier detection did in a cluster. */
  health(cluster: string): HealthCounts;
  /** In force over all workers; 0 where nothing has been found out yet. */
  adaptiveLimit(cluster: string): number;
  /** What an endpoint has over all threads, beside its tries and connections. */
  places(cluster: string, endpoint: string): { readonly pending: number; readonly retries: number };
}

/** How a cluster's source does. */
export interface DiscoveryStatus {
  /** In words: `dns A web.internal`. */
  readonly source: string;
  /** Endpoints that it names now. */
  readonly endpoints: number;
  /** Sets that it handed over, and looks at it that found something wrong. */
  readonly updates: number;
  readonly failures: number;
  /** What is wrong now: the last good set stays in force. */
  readonly problem: string | undefined;
}

/** Counted since the cluster is there. */
export interface HealthCounts {
  readonly checks: readonly { readonly check: string; readonly passed: number; readonly failed: number }[];
  /** `spared`: due, but not allowed. */
  readonly ejections: readonly { readonly detector: string; readonly ejected: number; readonly spared: number }[];
}

export interface WorkerView {
  readonly worker: number;
  readonly engine: string;
  /** Times its thread died and was replaced; the figures go on. */
  readonly restarts: number;
  readonly metrics: Float64Array;
}

/** In the order in which pages list them. */
export const ENDPOINT_STATES = ["up", "unknown", "down", "ejected", "draining"] as const;
export type EndpointState = (typeof ENDPOINT_STATES)[number];

/** How one check of an endpoint stands. */
export interface CheckView {
  readonly name: string;
  readonly state: "unknown" | "up" | "down";
  readonly reason: string;
}

export interface EndpointStatus {
  readonly state: EndpointState;
  readonly reason: string;
  readonly checks: readonly CheckView[];
  /** When it came into this state, milliseconds since 1970. */
  readonly since: number;
  /** In force now. */
  readonly weight: number;
  /** Who named it. */
  readonly origin: Origin;
}

export interface MainView {
  readonly version: string;
  readonly process: ProcessFigures;
  readonly reloads: { readonly ok: number; readonly failed: number };
  /** Failed writes of the access log. */
  readonly logErrors: number;
}

/** Of the whole process, all threads together. observe/io/process-figures.ts measures them. */
export interface ProcessFigures {
  readonly nodeVersion: string;
  /** Seconds since 1970. */
  readonly startedAt: number;
  readonly uptimeSeconds: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** undefined where the system does not tell. */
  readonly openFiles: number | undefined;
  /** How late the main thread's event loop was since the last look, milliseconds. */
  readonly loopDelay: { readonly meanMs: number; readonly p99Ms: number; readonly maxMs: number };
}
