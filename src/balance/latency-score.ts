/**
 * The figure by which policies that weigh latency compare nodes: how long a new request would probably wait there, the
 * latency times those before it and itself, per weight. Requests that are still connecting count, since ACTIVE does.
 */
import { EndpointCell } from "../model/cells.js";
import type { Node } from "../model/node.js";
import { avoidedFor, latencyNow } from "./latency.js";

/** Above every known score: there is something under way to tell the latency, more would be a stampede. */
const UNKNOWN = 1e15;
/** Above those: the endpoint asked to be left alone. */
const AVOIDED = 1e20;

/** Less is better. 0 = nothing is known and nothing under way: worth a try. */
export function latencyScore(node: Node, cells: Int32Array, now: number, decayMs: number): number {
  const active = cells[node.at];
  const pause = avoidedFor(cells, node.at, now);
  if (pause > 0) return (AVOIDED * (pause + active)) / node.weight;
  if (cells[node.at + EndpointCell.LATENCY] === 0) return active === 0 ? 0 : (UNKNOWN * active) / node.weight;
  return (latencyNow(cells, node.at, now, decayMs) * (active + 1)) / node.weight;
}
