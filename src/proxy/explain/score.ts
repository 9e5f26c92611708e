/** What a policy compares endpoints by: the lowest is preferred. Policies that take turns, draw or hash compare nothing. */
import { EndpointCell } from "../../model/cells.js";
import type { Node } from "../../model/node.js";
import type { BalanceSpec } from "../../model/spec.js";

export function scoreOf(spec: BalanceSpec, node: Node, cells: Int32Array, _now: number): number | undefined {
  switch (spec.policy) {
    case "least-request":
    case "least-connections":
    case "p2c":
      return cells[node.at + EndpointCell.ACTIVE] / node.weight;
    default:
      return undefined;
  }
}
