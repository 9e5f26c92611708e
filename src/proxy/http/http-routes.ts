/** A listener's routes, compiled: what each does is bytes and live objects, found by the index that matching gives. */
import type { Random } from "../../base/random.js";
import { PRIORITIES } from "../../model/flow-spec.js";
import type {
  ActionSpec,
  ForwardTimeouts,
  HedgeSpec,
  HttpListenerSpec,
  RetrySpec,
  RouteSpec,
} from "../../model/spec.js";
import type { ProxyCluster } from "../proxy-cluster.js";
import { type ClusterSplit, compileSplit } from "./choose-cluster.js";
import { compileFaults, type RouteFaults } from "./fault.js";
import { compileFixedResponse, type FixedResponse } from "./fixed-response.js";
import { compileHeaderOperations, type HeaderOperations } from "./header-operations.js";
import { Mirror } from "./mirror.js";
import { compileRewrite, type PathRewrite } from "./path-rewrite.js";
import { latin1, NO_BYTES } from "./put-bytes.js";
import { compileRedirect, type Redirect } from "./redirect.js";
import { compileRoutes, type RouteTable } from "./route-table.js";

export interface ForwardRoute {
  readonly kind: "forward";
  readonly name: string;
  /** Where `split` is given its first. */
  readonly cluster: ProxyCluster;
  readonly split: ClusterSplit<ProxyCluster> | undefined;
  readonly faults: RouteFaults | undefined;
  readonly mirror: Mirror | undefined;
  readonly requestOperations: HeaderOperations;
  readonly responseOperations: HeaderOperations;
  readonly rewrite: PathRewrite;
  readonly rewriteHost: Uint8Array;
  readonly timeouts: ForwardTimeouts;
  readonly retry: RetrySpec;
  readonly upgrade: boolean;
  /** Index in PRIORITIES. */
  readonly priority: number;
  readonly hedge: HedgeSpec | undefined;
}

/** A route that Plimsoll answers itself. */
export type LocalRoute =
  | { readonly kind: "redirect"; readonly name: string; readonly redirect: Redirect }
  | { readonly kind: "respond"; readonly name: string; readonly response: FixedResponse };

export type HttpRoute = ForwardRoute | LocalRoute;

export interface HttpRoutes {
  readonly table: RouteTable;
  readonly list: readonly HttpRoute[];
}

/** @param random where each split begins */
export function createHttpRoutes(
  spec: HttpListenerSpec,
  clusters: ReadonlyMap<string, ProxyCluster>,
  random: Random,
): HttpRoutes {
  return { table: compileRoutes(spec.routes), list: spec.routes.map((route) => createRoute(route, clusters, random)) };
}

function createRoute(route: RouteSpec, clusters: ReadonlyMap<string, ProxyCluster>, random: Random): HttpRoute {
  const { action, name } = route;
  switch (action.kind) {
    case "forward":
      return createForward(route, action, clusters, random);
    case "redirect":
      return { kind: "redirect", name, redirect: compileRedirect(action, route.responseHeaders) };
    case "respond":
      return { kind: "respond", name, response: compileFixedResponse(action, route.responseHeaders) };
  }
}

function createForward(
  route: RouteSpec,
  action: Extract<ActionSpec, { kind: "forward" }>,
  clusters: ReadonlyMap<string, ProxyCluster>,
  random: Random,
): ForwardRoute {
  const cluster = clusters.get(action.cluster)!;
  const split = action.split === undefined ? undefined : compileSplit(action.split, clusters, random);
  if (action.hedge !== undefined && action.hedge.afterPercent > 0) {
    for (const one of split?.clusters ?? [cluster]) one.keepLatency();
  }
  return {
    kind: "forward",
    name: route.name,
    cluster,
    split,
    mirror:
      action.mirror === undefined
        ? undefined
        : new Mirror(action.mirror, route.requestHeaders, clusters.get(action.mirror.cluster)!),
    faults: action.faults === undefined ? undefined : compileFaults(action.faults),
    requestOperations: compileHeaderOperations(route.requestHeaders),
    responseOperations: compileHeaderOperations(route.responseHeaders),
    rewrite: compileRewrite(route.match.path, action.rewritePrefix),
    rewriteHost: action.rewriteHost === undefined ? NO_BYTES : latin1(action.rewriteHost),
    timeouts: action.timeouts,
    retry: action.retry,
    upgrade: action.upgrade,
    priority: PRIORITIES.indexOf(action.priority),
    hedge: action.hedge,
  };
}
