/** What several checks together make of an endpoint: the worst of their standings, and the reason of the check that decided. */
import type { Standing } from "./standing.js";

export interface CheckStanding {
  readonly name: string;
  readonly standing: Standing;
}

export interface Combined {
  readonly state: Standing["state"];
  readonly reason: string;
  /** The check that decided; empty where there is none. */
  readonly by: string;
}

/** Down if any check says so, unknown as long as any has not decided, else up. The first of those that decide gives the reason. */
export function combine(checks: readonly CheckStanding[]): Combined {
  const decides =
    checks.find(({ standing }) => standing.state === "down") ??
    checks.find(({ standing }) => standing.state === "unknown") ??
    checks[0];
  if (decides === undefined) return { state: "unknown", reason: "no active check", by: "" };
  const { state, reason } = decides.standing;
  // One check need not be named: there is no other.
  return { state, reason: checks.length === 1 ? reason : `${decides.name}: ${reason}`, by: decides.name };
}
