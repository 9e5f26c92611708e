/** One word for an endpoint's state bits, the strongest first: what logs, metrics and the admin pages show. */
import { LEAVING, State } from "../model/cells.js";

export type StateName = "draining" | "down" | "ejected" | "unknown" | "up";

export function stateName(bits: number): StateName {
  if ((bits & LEAVING) !== 0) return "draining";
  if ((bits & State.DOWN) !== 0) return "down";
  if ((bits & State.EJECTED) !== 0) return "ejected";
  return (bits & State.UNKNOWN) !== 0 ? "unknown" : "up";
}
