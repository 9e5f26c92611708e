/** A listener's routes, compiled: what each does is bytes and live objects, found by the index that matching gives. */
import type { ActionSpec, ForwardTimeouts, HttpListenerSpec, RetrySpec, RouteSpec } from "../../model/spec.js";
import type { ProxyCluster } from "../proxy-cluster.js";
import { compileFixedResponse, type FixedResponse } from "./fixed-response.js";
import { compileHeaderOperations, type HeaderOperations } from "./header-operations.js";
import { compileRewrite, type PathRewrite } from "./path-rewrite.js";
import { latin1, NO_BYTES } from "./put-bytes.js";
import { compileRedirect, type Redirect } from "./redirect.js";
import { compileRoutes, type RouteTable } from "./route-table.js";

export interface ForwardRoute {
  readonly kind: "forward";
  readonly name: string;
  readonly cluster: ProxyCluster;
  readonly requestOperations: HeaderOperations;
  readonly responseOperations: HeaderOperations;
  readonly rewrite: PathRewrite;
  readonly rewriteHost: Uint8Array;
  readonly timeouts: ForwardTimeouts;
  readonly retry: RetrySpec;
  readonly upgrade: boolean;
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

export function createHttpRoutes(spec: HttpListenerSpec, clusters: ReadonlyMap<string, ProxyCluster>): HttpRoutes {
  return { table: compileRoutes(spec.routes), list: spec.routes.map((route) => createRoute(route, clusters)) };
}

function createRoute(route: RouteSpec, clusters: ReadonlyMap<string, ProxyCluster>): HttpRoute {
  const { action, name } = route;
  switch (action.kind) {
    case "forward":
      return createForward(route, action, clusters);
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
): ForwardRoute {
  return {
    kind: "forward",
    name: route.name,
    cluster: clusters.get(action.cluster)!,
    requestOperations: compileHeaderOperations(route.requestHeaders),
    responseOperations: compileHeaderOperations(route.responseHeaders),
    rewrite: compileRewrite(route.match.path, action.rewritePrefix),
    rewriteHost: action.rewriteHost === undefined ? NO_BYTES : latin1(action.rewriteHost),
    timeouts: action.timeouts,
    retry: action.retry,
    upgrade: action.upgrade,
  };
}
