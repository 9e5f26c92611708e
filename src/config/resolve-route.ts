/** One route of the Spec: its name and its one action. */
import type { ActionSpec, RouteSpec } from "../model/spec.js";
import { formatPathPattern } from "./parse-pattern.js";
import { parseName } from "./parse-text.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import { resolveHedge, resolveRetry } from "./resolve-flow.js";
import { resolveFaults, resolveSplit } from "./resolve-traffic.js";
import type { File } from "./schema/file.js";
import { route as routeSchema } from "./schema/route.js";

export type RouteFile = NonNullable<Extract<File["listeners"][number], { routes?: unknown }>["routes"]>[number];

/** Statuses whose responses have no body (RFC 9110 6.4.1). */
const BODILESS = [204, 205, 304];

export function resolveRoute(route: RouteFile, name: string, path: Path, report: Report): RouteSpec {
  const { host, path: pattern, method, headers, query } = route.match;
  return {
    name,
    match: { host, path: pattern, methods: method, headers, query },
    action: resolveAction(route, path, report),
    requestHeaders: route.requestHeaders,
    responseHeaders: route.responseHeaders,
  };
}

/** The only route of a listener that names a cluster. */
export function defaultAction(cluster: string): RouteSpec {
  const route = routeSchema.parse({ cluster });
  return resolveRoute(route, routeName(route, 0, new Map()), [], () => {});
}

/** A name that stays the same when routes are reordered: metrics and logs are read over reloads. */
export function routeName(route: RouteFile, index: number, taken: ReadonlyMap<string, unknown>): string {
  if (route.name !== undefined) return route.name;
  const { host = "*", path, method } = route.match;
  const pattern = path === undefined ? "" : formatPathPattern(path);
  const name = `${host}${pattern}${method.length === 0 ? "" : `:${method.join("/")}`}`;
  return typeof parseName(name) === "string" && !taken.has(name) ? name : `${index + 1}`;
}

export function isCatchAll({ match }: RouteSpec): boolean {
  const isAnyPath = match.path === undefined || (match.path.kind === "prefix" && match.path.value === "/");
  const { host, methods, headers, query } = match;
  return host === undefined && isAnyPath && methods.length + headers.length + query.length === 0;
}

function resolveAction(route: RouteFile, path: Path, report: Report): ActionSpec {
  const { cluster, split, redirect, respond, rewrite } = route;
  const given = [cluster, split, redirect, respond].filter((action) => action !== undefined).length;
  if (given !== 1) {
    const message = given === 0 ? "the route does nothing" : "the route does more than one thing";
    report("error", path, message, "give it one of cluster, split, redirect and respond", "key");
  }
  if (cluster === undefined && split === undefined) {
    if (rewrite !== undefined) {
      report("error", [...path, "rewrite"], "only what is forwarded is rewritten", "give the route a cluster", "key");
    }
    if (route.mirror !== undefined) {
      report("error", [...path, "mirror"], "only what is forwarded is mirrored", "give the route a cluster", "key");
    }
    if (route.faults !== undefined) {
      report(
        "error",
        [...path, "faults"],
        "only what is forwarded fails on purpose",
        "give the route a cluster",
        "key",
      );
    }
  }
  if (redirect !== undefined) {
    if (route.responseHeaders.some(({ name }) => name === "location")) {
      const hint = "write it as the redirect's location";
      report("error", [...path, "responseHeaders"], "the redirect makes the header location itself", hint, "key");
    }
    return { kind: "redirect", ...redirect };
  }
  if (respond !== undefined) {
    if (respond.body !== "" && BODILESS.includes(respond.status)) {
      report("error", [...path, "respond", "body"], `a ${respond.status} has no body`);
    }
    return { kind: "respond", ...respond };
  }
  const kind = route.match.path?.kind;
  if (rewrite?.prefix !== undefined && (kind === "segments" || kind === "regex")) {
    const hint = "match an exact path or a prefix: /v1/*";
    report("error", [...path, "rewrite", "prefix"], "the route's path has no prefix to replace", hint);
  }
  const { timeouts, retry: again } = route;
  return {
    kind: "forward",
    cluster: cluster ?? split?.clusters[0]?.cluster ?? "",
    split: resolveSplit(split, [...path, "split"], report),
    faults: resolveFaults(route.faults, [...path, "faults"], report),
    rewritePrefix: rewrite?.prefix,
    rewriteHost: rewrite?.host,
    mirror: route.mirror,
    timeouts: {
      responseHeaderMs: timeouts.responseHeader,
      perTryMs: timeouts.perTry,
      totalMs: timeouts.total,
      idleMs: timeouts.idle,
    },
    retry: resolveRetry(again),
    upgrade: route.upgrade,
    priority: route.priority,
    hedge: resolveHedge(route.hedge),
  };
}
