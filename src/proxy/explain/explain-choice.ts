/**
 * Which endpoint a cluster would give to a request, and what speaks for and against each. The production cluster chooses, on
 * a copy of the shared figures: to explain must not take turns, nor count.
 */
import { createRandom } from "../../base/random.js";
import { Cluster } from "../../cluster/cluster.js";
import type { LiveEndpoint } from "../../cluster/live-endpoint.js";
import { createShared } from "../../cluster/shared.js";
import { formatAddress } from "../../model/address.js";
import { EndpointCell } from "../../model/cells.js";
import type { Candidate, ChoiceExplanation } from "../../model/explanation.js";
import { Outcome } from "../../model/outcome.js";
import { Query } from "../../model/query.js";
import { describeCandidate, type Figures } from "./candidate.js";
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
  // No worker's pool is known here: who has more connections than tries has idle ones somewhere.
  for (const endpoint of cluster.endpoints) {
    const open = shared.cells[endpoint.at + EndpointCell.CONNECTIONS];
    endpoint.idle = Math.max(0, open - shared.cells[endpoint.at + EndpointCell.ACTIVE]);
  }
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
  const { spec, plan, live, now } = standpoint;
  const figures = describeCandidate(endpoint, spec.balance, standpoint.shared.cells, now);
  const group = plan.groups.find(({ members }) => members.includes(endpoint.index));
  const isSpare = figures.excluded === undefined && group?.share === 0;
  return {
    ...figures,
    address: formatAddress(endpoint.address),
    state: live ? figures.state : "unknown",
    priority: endpoint.spec.priority,
    chance,
    excluded: isSpare ? `priority ${endpoint.spec.priority} is not needed` : withReason(figures, standpoint),
  };
}

/** Why it is in the state that excludes it, where somebody knows. */
function withReason({ id, excluded, state }: Figures, { reasonOf }: Standpoint): string | undefined {
  const isInState = excluded !== undefined && STATES.some((word) => excluded.startsWith(word));
  const reason = isInState && state !== "up" ? reasonOf(id) : "";
  return reason === "" ? excluded : `${excluded}: ${reason}`;
}

const STATES = ["down", "ejected", "drain"];
