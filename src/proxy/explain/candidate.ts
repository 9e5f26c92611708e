/** An endpoint in the eyes of a choice: what speaks for it and against it, as the shared figures say at this moment. */
import type { LiveEndpoint } from "../../cluster/live-endpoint.js";
import { stateName } from "../../health/state-name.js";
import { EndpointCell, State, UNUSABLE } from "../../model/cells.js";
import type { Candidate } from "../../model/explanation.js";
import { fullBy } from "../../model/node.js";
import { Limit, type LimitId, Query } from "../../model/query.js";
import type { BalanceSpec } from "../../model/spec.js";
import { scoreOf } from "./score.js";

const NEW_REQUEST = new Query();

export type Figures = Pick<
  Candidate,
  "id" | "state" | "weight" | "active" | "maxActive" | "latencyMs" | "score" | "excluded"
>;

export function describeCandidate(
  endpoint: LiveEndpoint<unknown>,
  spec: BalanceSpec,
  cells: Int32Array,
  now: number,
): Figures {
  const latencyUs = cells[endpoint.at + EndpointCell.LATENCY];
  return {
    id: endpoint.id,
    state: stateName(cells[endpoint.at + EndpointCell.STATE]),
    weight: endpoint.usable ? endpoint.weight : endpoint.spec.weight,
    active: cells[endpoint.at + EndpointCell.ACTIVE],
    maxActive: endpoint.maxActive,
    latencyMs: latencyUs === 0 ? undefined : latencyUs / 1000,
    score: endpoint.usable ? scoreOf(spec, endpoint, cells, now) : undefined,
    excluded: whyExcluded(endpoint, cells),
  };
}

function whyExcluded(endpoint: LiveEndpoint<unknown>, cells: Int32Array): string | undefined {
  if (endpoint.usable) {
    const limit = fullBy(endpoint, cells, NEW_REQUEST);
    return limit === undefined ? undefined : `full: ${describeLimit(limit, endpoint, cells)}`;
  }
  if (endpoint.spec.weight === 0) return "its weight is 0";
  const state = cells[endpoint.at + EndpointCell.STATE];
  return (state & UNUSABLE) === 0 ? "left out by subset or zone" : describeState(state);
}

function describeLimit(limit: LimitId, { at, maxActive, limits }: LiveEndpoint<unknown>, cells: Int32Array): string {
  if (limit === Limit.ENDPOINT_CONNECTIONS)
    return `${cells[at + EndpointCell.CONNECTIONS]} of ${limits!.connections} connections`;
  if (limit === Limit.ENDPOINT_PENDING)
    return `${cells[at + EndpointCell.PENDING]} of ${limits!.pending} connections being made`;
  return `${cells[at + EndpointCell.ACTIVE]} of ${maxActive} active`;
}

function describeState(state: number): string {
  if ((state & State.HELD) !== 0) return "drained by an operator";
  if ((state & State.RETIRING) !== 0) return "drained by its own wish";
  if ((state & State.DRAINING) !== 0) return "draining";
  return (state & State.DOWN) !== 0 ? "down" : "ejected";
}
