/**
 * The whole way of a request that is only asked about: listener, routes, cluster, endpoint. Goes by the steps of
 * `takeRequest` and `Destination.choose`, and asks the code that these ask.
 */
import { hashText } from "../../base/hash.js";
import { createRandom, type Random } from "../../base/random.js";
import { formatAddress } from "../../model/address.js";
import type { ExplainQuery, Explanation } from "../../model/explanation.js";
import type { ActionSpec, HttpListenerSpec, ListenerSpec, RouteSpec, Spec } from "../../model/spec.js";
import { CidrSet } from "../../security/cidr.js";
import { asksThisProxy, checkRequest } from "../http/check-request.js";
import { chooseCluster, compileSplit } from "../http/choose-cluster.js";
import { createForwardingRules, dropClaims } from "../http/forwarding.js";
import { RequestHash } from "../http/hash-request.js";
import { NO_BYTES } from "../http/put-bytes.js";
import { explainChoice } from "./explain-choice.js";
import { explainRoutes } from "./explain-routes.js";
import { type ImaginedRequest, imagine, splitUrl, type UrlParts } from "./imagined-request.js";
import type { Standpoints } from "./standpoint.js";

type Rest = Pick<Explanation, "routes" | "action" | "choice">;

/** Why it cannot be explained, in words, where the question itself is wrong. */
export function explainRequest(spec: Spec, query: ExplainQuery, standpoints: Standpoints): Explanation | string {
  const parts = splitUrl(query.url);
  if (parts === undefined) return `not an http URL: ${query.url}`;
  const found = findListener(spec.listeners, parts);
  if (typeof found === "string") return found;
  const { listener, reason } = found;
  const random = createRandom(query.seed);
  const rest =
    listener.kind === "tcp"
      ? explainTcp(listener.cluster, query, standpoints)
      : explainHttp(listener, query, parts, standpoints, random);
  const live = spec.clusters.some(({ name }) => standpoints(name)?.live === true);
  return { query, live, listener: listener.name, listenerReason: reason, ...rest };
}

/** The listener at the URL's port; the only one, where there is no other. */
function findListener(
  listeners: readonly ListenerSpec[],
  { port }: UrlParts,
): { readonly listener: ListenerSpec; readonly reason: string } | string {
  const atPort = listeners.find(({ address }) => address.family !== "unix" && address.port === port);
  if (atPort !== undefined)
    return { listener: atPort, reason: `it listens on ${formatAddress(atPort.address)}, the port of the URL` };
  const [only] = listeners;
  if (listeners.length === 1)
    return { listener: only, reason: `it is the only one, although it listens on ${formatAddress(only.address)}` };
  const known = listeners.map(({ name, address }) => `${name} on ${formatAddress(address)}`).join(", ");
  return `no listener has port ${port}: there are ${known}; put the port into the URL`;
}

function explainTcp(cluster: string, { source, seed }: ExplainQuery, standpoints: Standpoints): Rest {
  const standpoint = standpoints(cluster)!;
  const choice = explainChoice(standpoint, hashText(source), seed);
  return { routes: [], action: `relay the connection to cluster ${cluster}`, choice };
}

function explainHttp(
  listener: HttpListenerSpec,
  query: ExplainQuery,
  parts: UrlParts,
  standpoints: Standpoints,
  random: Random,
): Rest {
  const rules = createForwardingRules(listener);
  const isTrusted = new CidrSet(listener.trustedProxies).has(query.source);
  const again = (): ImaginedRequest | string => {
    const imagined = imagine(query, parts, listener.limits);
    if (typeof imagined !== "string" && !isTrusted) dropClaims(imagined.bytes, imagined.head, rules);
    return imagined;
  };
  const request = again();
  if (typeof request === "string") return { routes: [], action: request, choice: undefined };
  const fault = checkRequest(request.bytes, request.head, rules);
  if (fault !== undefined) return { routes: [], action: `refused with ${fault}`, choice: undefined };
  if (asksThisProxy(request.bytes, request.head))
    return { routes: [], action: "answered by the proxy itself: OPTIONS with Max-Forwards: 0", choice: undefined };
  const explained = explainRoutes(listener.routes, () => again() as ImaginedRequest);
  const { routes, taken, isBadPath } = explained;
  if (taken === undefined) {
    const why = isBadPath ? ": readers of its path would disagree which route it takes" : "";
    return { routes, action: `refused with NO_ROUTE${why}`, choice: undefined };
  }
  if (taken.action.kind !== "forward") return { routes, action: describeAction(taken.action), choice: undefined };
  return { routes, ...explainForward(taken, taken.action, query, explained.request, standpoints, random) };
}

function explainForward(
  route: RouteSpec,
  action: Extract<ActionSpec, { kind: "forward" }>,
  { source, seed }: ExplainQuery,
  request: ImaginedRequest,
  standpoints: Standpoints,
  random: Random,
): Omit<Rest, "routes"> {
  const { bytes, head } = request;
  const client = { sourceHash: hashText(source) };
  const name =
    action.split === undefined
      ? action.cluster
      : chooseCluster(
          compileSplit(action.split, new Map(action.split.clusters.map(({ cluster }) => [cluster, cluster])), random),
          bytes,
          head,
          client,
          NO_BYTES,
        );
  const standpoint = standpoints(name)!;
  const { hashOn } = standpoint.spec.balance;
  const hash = new RequestHash(hashOn).of(bytes, head, client, NO_BYTES);
  const of = action.split === undefined ? "" : ` of ${action.split.clusters.map(({ cluster }) => cluster).join(", ")}`;
  const faults = action.faults === undefined ? "" : "; its faults may strike before";
  const bound =
    standpoint.spec.persistence === undefined ? "" : "; persistence may bind the client to another endpoint";
  return {
    action: `forward to cluster ${name}${of} (route ${route.name})${faults}${bound}`,
    choice: explainChoice(standpoint, hash, seed),
  };
}

function describeAction(action: Exclude<ActionSpec, { kind: "forward" }>): string {
  return action.kind === "redirect"
    ? `answer ${action.status} with location ${action.location}`
    : `answer ${action.status}`;
}
