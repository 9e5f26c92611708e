/** One listener of the Spec, with its routes. */
import { formatAddress } from "../model/address.js";
import type { ListenerSpec, RouteSpec } from "../model/spec.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import { defaultAction, isCatchAll, resolveRoute, routeName } from "./resolve-route.js";
import type { File } from "./schema/file.js";

type ListenerFile = File["listeners"][number];
type HttpFile = Exclude<ListenerFile, { protocol: "tcp" }>;

export function resolveListener(listener: ListenerFile, path: Path, report: Report): ListenerSpec {
  const { address, name = formatAddress(address) } = listener;
  if (listener.protocol === "tcp") {
    return { kind: "tcp", name, address, cluster: listener.cluster, idleTimeoutMs: listener.timeouts.idle };
  }
  const { limits, timeouts } = listener;
  if (limits.maxLine > limits.maxHeader) {
    report("error", [...path, "limits"], "maxLine is larger than maxHeader", "a line is part of the header", "key");
  }
  return {
    kind: "http",
    name,
    address,
    routes: resolveRoutes(listener, path, report),
    limits: {
      maxLineBytes: limits.maxLine,
      maxHeaderBytes: limits.maxHeader,
      maxHeaderCount: limits.maxHeaderCount,
      maxChunkExtensionBytes: limits.maxChunkExtension,
      maxTrailerBytes: limits.maxTrailer,
      maxBodyBytes: limits.maxBody,
    },
    timeouts: {
      headerMs: timeouts.header,
      bodyIdleMs: timeouts.bodyIdle,
      minBytesPerSecond: timeouts.minRate,
      idleMs: timeouts.idle,
    },
    trustedProxies: listener.trustedProxies,
    forwarded: listener.forwarded,
    via: listener.via,
    requestId: listener.requestId,
  };
}

function resolveRoutes(listener: HttpFile, path: Path, report: Report): RouteSpec[] {
  const { cluster, routes } = listener;
  if ((cluster === undefined) === (routes === undefined)) {
    const hint = "cluster takes every request; with routes, a last one without match takes what is left";
    report("error", path, "an http listener has either routes or a cluster", hint, "key");
    return [];
  }
  if (cluster !== undefined) return [defaultAction(cluster)];
  if (routes!.length === 0) report("warning", [...path, "routes"], "there is no route", "every request will get 404");
  const resolved: RouteSpec[] = [];
  const names = new Map<string, number>();
  let catchAll: number | undefined;
  for (const [index, route] of routes!.entries()) {
    const at = [...path, "routes", index];
    if (catchAll !== undefined) {
      report("warning", at, "the route is never reached", `route ${catchAll + 1} already takes every request`, "key");
    }
    const spec = resolveRoute(route, routeName(route, index, names), at, report);
    const same = names.get(spec.name);
    if (same !== undefined) report("error", [...at, "name"], `route ${same + 1} is already named ${spec.name}`);
    names.set(spec.name, index);
    if (isCatchAll(spec)) catchAll ??= index;
    resolved.push(spec);
  }
  return resolved;
}
