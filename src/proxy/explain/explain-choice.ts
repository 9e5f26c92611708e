/**
 * Which endpoint a cluster would give to a request, and what speaks for and against each. The production cluster chooses, on
 * a copy of the shared figures: to explain must not take turns, nor count.
 */
import { createRandom } from "../../base/random.js";
import { Cluster } from "../../cluster/cluster.js";
import type { LiveEndpoint } from "../../cluster/live-endpoint.js";
import { createShared } from "../../cluster/shared.js";
import { stateName } from "../../health/state-name.js";
import { formatAddress } from "../../model/address.js";
import { EndpointCell, State, UNUSABLE } from "../../model/cells.js";
import type { Candidate, ChoiceExplanation } from "../../model/explanation.js";
import { hasRoom } from "../../model/node.js";
import { Outcome } from "../../model/outcome.js";
import { Query } from "../../model/query.js";
import { scoreOf } from "./score.js";
import type { Standpoint } from "./standpoint.js";

/** Picks from which the chances are told: each is known to three percent. */
const PICKS = 1000;

/** @param hash of what the policy hashes; below 0 where the request has nothing of the kind, so that chance decides */
export function explainChoice(standpoint: Standpoint, hash: number, seed: number): ChoiceExplanation {
  const { spec, slots, plan, now } = standpoint;
  const shared = createShared(1);
  shared.cells.set(standpoint.shared.cells);
  const random = createRandom(seed);
  const cluster = new Cluster({ spec, slots, plan, shared, worker: 0, random, events: { onFailures: () => {} } });
  const query = new Query();
  const pick = (): LiveEndpoint<unknown> | undefined => {
    query.reset(hash >= 0 ? hash : cluster.usesHash ? random.next() : 0);
    query.now = now;
    const endpoint = cluster.acquire(query);
    // Says nothing about the endpoint: the next pick finds everything as this one did.
    if (endpoint !== undefined) cluster.settle(endpoint, Outcome.ABORTED, now);
    return endpoint;
  };
  const first = pick();
  const counts = new Map<string, number>();
  for (let i = 0; i < PICKS; i++) {
    const endpoint = pick();
    if (endpoint === undefined) break;
    counts.set(endpoint.id, (counts.get(endpoint.id) ?? 0) + 1);
  }
  return {
    cluster: spec.name,
    policy: spec.balance.policy,
    hash: cluster.usesHash && hash >= 0 ? hash : undefined,
    panic: cluster.panicking,
    candidates: cluster.endpoints.map((endpoint) =>
      explainCandidate(endpoint, standpoint, (counts.get(endpoint.id) ?? 0) / PICKS),
    ),
    pick: first?.id,
    refusal: first === undefined ? query.refusal : undefined,
  };
}

function explainCandidate(endpoint: LiveEndpoint<unknown>, standpoint: Standpoint, chance: number): Candidate {
  const { spec, live, now } = standpoint;
  const { cells } = standpoint.shared;
  const latencyUs = cells[endpoint.at + EndpointCell.LATENCY];
  return {
    id: endpoint.id,
    address: formatAddress(endpoint.address),
    state: live ? stateName(cells[endpoint.at + EndpointCell.STATE]) : "unknown",
    weight: endpoint.usable ? endpoint.weight : endpoint.spec.weight,
    active: cells[endpoint.at + EndpointCell.ACTIVE],
    maxActive: endpoint.maxActive,
    latencyMs: latencyUs === 0 ? undefined : latencyUs / 1000,
    priority: endpoint.spec.priority,
    score: endpoint.usable ? scoreOf(spec.balance, endpoint, cells, now) : undefined,
    chance,
    excluded: whyExcluded(endpoint, standpoint),
  };
}

function whyExcluded(endpoint: LiveEndpoint<unknown>, { plan, shared, reasonOf }: Standpoint): string | undefined {
  const { cells } = shared;
  const state = cells[endpoint.at + EndpointCell.STATE];
  if (!endpoint.usable) {
    if (endpoint.spec.weight === 0) return "its weight is 0";
    if ((state & UNUSABLE) === 0) return "left out by subset or zone";
    const reason = reasonOf(endpoint.id);
    return reason === "" ? describeState(state) : `${describeState(state)}: ${reason}`;
  }
  if (!hasRoom(endpoint, cells))
    return `full: ${cells[endpoint.at + EndpointCell.ACTIVE]} of ${endpoint.maxActive} active`;
  const group = plan.groups.find(({ members }) => members.includes(endpoint.index));
  if (group?.share === 0) return `priority ${endpoint.spec.priority} is not needed`;
  return undefined;
}

function describeState(state: number): string {
  if ((state & State.HELD) !== 0) return "drained by an operator";
  if ((state & State.RETIRING) !== 0) return "drained by its own wish";
  if ((state & State.DRAINING) !== 0) return "draining";
  return (state & State.DOWN) !== 0 ? "down" : "ejected";
}
