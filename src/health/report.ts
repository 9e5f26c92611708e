/** What the health monitor writes and tells: states for the workers, events for log and metrics, a status for the admin page. */
import type { Standing } from "./standing.js";
import type { StateName } from "./state-name.js";

/** Where states are written for the workers to see: `SlotTable` of the cluster folder. */
export interface StateBoard {
  /** Bits of `State`; undefined for an endpoint that the board does not know. */
  state(cluster: string, endpoint: string): number | undefined;
  mark(cluster: string, endpoint: string, set: number, clear: number): void;
  clearFailures(cluster: string, endpoint: string): void;
  /** Run-time weight, percent of the configured one; 0 = nothing new. */
  scaleWeight(cluster: string, endpoint: string, percent: number): void;
  /** Run-time limit of what is in flight; 0 = only the configured one. */
  limitActive(cluster: string, endpoint: string, most: number): void;
}

export interface HealthEvent {
  readonly cluster: string;
  readonly endpoint: string;
  readonly from: StateName;
  /** Equal to `from` for what is worth knowing but changes nothing, such as an ejection that was due but not allowed. */
  readonly to: StateName;
  readonly reason: string;
  /** Who decided: a check's name, a detector's, `operator` or `configuration`. */
  readonly by: string;
}

export interface EndpointHealth {
  readonly id: string;
  readonly address: string;
  readonly state: StateName;
  readonly reason: string;
  /** How long it has been in this state. */
  readonly forMs: number;
  /** Of the last check; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** Ejections in a row, less those that are forgotten. */
  readonly ejections: number;
  /** What its agent wants of its weight. */
  readonly weightPercent: number;
  /** How each of its checks stands, in the order of the configuration. */
  readonly checks: readonly { readonly name: string; readonly state: Standing["state"]; readonly reason: string }[];
}

export interface HealthCounts {
  readonly checks: readonly { readonly check: string; readonly passed: number; readonly failed: number }[];
  /** `spared`: due, but not allowed. */
  readonly ejections: readonly { readonly detector: string; readonly ejected: number; readonly spared: number }[];
}

export interface ClusterHealth {
  readonly cluster: string;
  readonly endpoints: readonly EndpointHealth[];
}
