/** What a policy compares endpoints by: the lowest is preferred. Policies that take turns, draw or hash compare nothing. */
import { latencyScore } from "../../balance/latency-score.js";
import { EndpointCell } from "../../model/cells.js";
import type { Node } from "../../model/node.js";
import type { BalanceSpec } from "../../model/spec.js";

/** Requests in flight per weight; for policies that weigh latency the milliseconds that a request would probably take. */
export function scoreOf(spec: BalanceSpec, node: Node, cells: Int32Array, now: number): number | undefined {
  switch (spec.policy) {
    case "least-request":
    case "least-connections":
    case "p2c":
      return cells[node.at + EndpointCell.ACTIVE] / node.weight;
    case "peak-ewma":
    case "least-time":
      return latencyScore(node, cells, now, spec.decayMs) / 1000;
    case "prequal":
      // Among those that are not hot; of the latency it forgets what is old instead of letting it fade.
      return (cells[node.at + EndpointCell.LATENCY] * (cells[node.at + EndpointCell.ACTIVE] + 1)) / node.weight / 1000;
    default:
      return undefined;
  }
}
