/**
 * Outlier detection: whether an endpoint that failed real traffic is taken out for a while, and for how long. Never the last
 * usable one, and never more than a share of the cluster: bad traffic must not be able to switch a cluster off.
 */
import type { OutlierSpec } from "../model/spec.js";

/** What is remembered of an endpoint's ejections. */
export interface Ejections {
  /** Ejections in a row. */
  readonly count: number;
  /** When the last one ended or ends, monotonic ms. */
  readonly until: number;
  /** How long the last one was. */
  readonly durationMs: number;
}

export const NEVER_EJECTED: Ejections = Object.freeze({ count: 0, until: 0, durationMs: 0 });

/** The cluster around it, itself included. */
export interface Surroundings {
  readonly endpoints: number;
  readonly ejected: number;
  /** Neither down nor ejected nor draining. */
  readonly usable: number;
}

export type Decision =
  | { readonly eject: true; readonly ejections: Ejections }
  | { readonly eject: false; readonly reason: string };

/** Called for a usable endpoint that has reached `spec.consecutiveFailures`. */
export function decide(ejections: Ejections, around: Surroundings, spec: OutlierSpec, now: number): Decision {
  if (around.usable <= 1) return { eject: false, reason: "it is the last usable endpoint" };
  if ((around.ejected + 1) * 100 > around.endpoints * spec.maxEjectionPercent)
    return { eject: false, reason: `no more than ${spec.maxEjectionPercent} % may be ejected` };
  const count = countInRow(ejections, spec, now) + 1;
  const durationMs = Math.min(spec.ejectionMs * count, spec.maxEjectionMs);
  return { eject: true, ejections: { count, until: now + durationMs, durationMs } };
}

/** Good behaviour is believed step by step: for each `ejectionMs` that it has been back one of the row is forgotten. */
export function countInRow(ejections: Ejections, spec: OutlierSpec, now: number): number {
  const backMs = Math.max(0, now - ejections.until);
  return Math.max(0, ejections.count - Math.floor(backMs / spec.ejectionMs));
}
