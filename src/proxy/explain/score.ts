/** What a policy compares endpoints by: the lowest is preferred. Policies that take turns, draw or hash compare nothing. */
import { latencyScore } from "../../balance/latency-score.js";
import { EndpointCell } from "../../model/cells.js";
import type { Node } from "../../model/node.js";
import type { BalanceSpec } from "../../model/spec.js";

export function scoreOf(spec: BalanceSpec, node: Node, cells: Int32Array, now: number): number | undefined {
  switch (spec.policy) {
    case "least-request":
    case "least-connections":
    case "p2c":
      return cells[node.at + EndpointCell.ACTIVE] / node.weight;
    case "peak-ewma":
    case "least-time":
    case "prequal":
      return latencyScore(node, cells, now, spec.decayMs);
    default:
      return undefined;
  }
}
