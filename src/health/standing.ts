/**
 * Rise and fall: what a row of check results makes of an endpoint. One result never takes an endpoint out and one never
 * brings it back (unless configured so): single results are mostly noise.
 *
 *   unknown --1 success--> up        unknown --fall failures--> down
 *   up --fall failures in a row--> down        down --rise successes in a row--> up
 */

import type { AgentReply } from "./agent.js";

export interface Standing {
  readonly state: "unknown" | "up" | "down";
  /** Results in a row that speak against `state`. */
  readonly against: number;
  /** Why it is in this state. */
  readonly reason: string;
}

/** One check's result. */
export interface Verdict {
  readonly ok: boolean;
  /** What was seen: `status 200`, `connect refused`, `timed out after 2000 ms`. */
  readonly reason: string;
  readonly latencyMs: number;
  /** Of an agent check that was answered: what the agent said. */
  readonly said?: AgentReply | undefined;
}

export interface Thresholds {
  /** Successes in a row until up, failures in a row until down. At least 1. */
  readonly rise: number;
  readonly fall: number;
}

/** Used until proved bad. */
export const UNKNOWN_STANDING: Standing = Object.freeze({ state: "unknown", against: 0, reason: "not checked yet" });

export function advance(standing: Standing, verdict: Verdict, thresholds: Thresholds): Standing {
  if (standing.state === "unknown" && verdict.ok) return { state: "up", against: 0, reason: verdict.reason };
  const speaksAgainst = verdict.ok === (standing.state === "down");
  if (!speaksAgainst) return standing.against === 0 ? standing : { ...standing, against: 0 };
  const against = standing.against + 1;
  const needed = verdict.ok ? thresholds.rise : thresholds.fall;
  if (against < needed) return { ...standing, against };
  return { state: verdict.ok ? "up" : "down", against: 0, reason: verdict.reason };
}

/** Down, or on its way to another state: worth checking more often. */
export function isUnsettled(standing: Standing): boolean {
  return standing.state === "down" || standing.against > 0;
}
