/**
 * From a checked file to the Spec, and the checks that need more than one key: names that must exist or be unique,
 * addresses that collide, things that nobody uses.
 */
import { type Address, formatAddress } from "../model/address.js";
import type { ClusterSpec, ListenerSpec, Spec } from "../model/spec.js";
import type { Finding, Path } from "./problem.js";
import { resolveCluster } from "./resolve-cluster.js";
import { checkFlow } from "./resolve-flow.js";
import { resolveListener } from "./resolve-listener.js";
import { clusterReferences } from "./resolve-traffic.js";
import type { File } from "./schema/file.js";
import { suggest } from "./suggest.js";

export type Report = (severity: Finding["severity"], path: Path, message: string, hint?: string, at?: "key") => void;

export interface Resolved {
  readonly spec: Spec;
  readonly findings: readonly Finding[];
}

/** @param cores what `workers: auto` means */
export function resolve(file: File, cores: number): Resolved {
  const findings: Finding[] = [];
  const report: Report = (severity, path, message, hint, at = undefined) => {
    findings.push({ severity, path, at: at ?? "value", message, hint });
  };
  const clusters = file.clusters.map(({ name, value }) => resolveCluster(name, value, report));
  const listeners = file.listeners.map((listener, index) => resolveListener(listener, ["listeners", index], report));
  if (listeners.length === 0)
    report("error", ["listeners"], "there is no listener", "add one: - address: :8080", "key");
  checkReferences(file, clusters, report);
  for (const key of ["adminToken", "adminState"] as const) {
    if (file[key] !== undefined && file.admin === undefined)
      report("error", [key], "there is no admin server", "add admin: 127.0.0.1:9901", "key");
  }
  checkListeners(listeners, file.admin, report);
  checkLoops(listeners, clusters, report);
  checkFlow(listeners, clusters, report);
  if (file.limits.highWater * 2 > file.limits.buffers) {
    report(
      "error",
      ["limits", "highWater"],
      "highWater is more than half of buffers",
      "one slow client could hold them all",
    );
  }
  const spec: Spec = {
    listeners,
    clusters,
    workers: file.workers === 0 ? cores : file.workers,
    engine: file.engine,
    admin:
      file.admin === undefined ? undefined : { address: file.admin, token: file.adminToken, state: file.adminState },
    explainToken: file.explainToken,
    accessLog: file.accessLog,
    limits: {
      maxConnections: file.limits.maxConnections,
      bufferBytes: file.limits.buffers,
      highWaterBytes: file.limits.highWater,
    },
    drainMs: file.drain,
    overload: { bufferPercent: file.overload.buffers, delayMs: file.overload.delay },
  };
  return { spec: freeze(spec), findings };
}

function checkReferences(file: File, clusters: readonly ClusterSpec[], report: Report): void {
  const names = clusters.map((cluster) => cluster.name);
  const used = new Set<string>();
  const refer = (name: string | undefined, path: Path): void => {
    if (name === undefined) return;
    used.add(name);
    if (names.includes(name)) return;
    const meant = suggest(name, names);
    const known = names.length === 0 ? "there are no clusters" : `clusters are ${names.join(", ")}`;
    report("error", path, `there is no cluster ${name}`, meant === undefined ? known : `did you mean ${meant}?`);
  };
  for (const [index, listener] of file.listeners.entries()) {
    const path = ["listeners", index];
    refer(listener.cluster, [...path, "cluster"]);
    if (listener.protocol === "tcp") continue;
    for (const [i, route] of (listener.routes ?? []).entries()) {
      for (const [name, at] of clusterReferences(route)) refer(name, [...path, "routes", i, ...at]);
    }
  }
  for (const name of names) {
    if (!used.has(name)) report("warning", ["clusters", name], `nothing uses the cluster ${name}`, undefined, "key");
  }
}

function checkListeners(listeners: readonly ListenerSpec[], admin: Address | undefined, report: Report): void {
  const names = new Map<string, number>();
  const addresses = new Map<string, number>();
  for (const [index, { name, address }] of listeners.entries()) {
    const sameName = names.get(name);
    const where = formatAddress(address);
    const sameAddress = addresses.get(where);
    if (sameAddress !== undefined) {
      report("error", ["listeners", index, "address"], `listener ${sameAddress + 1} already listens on ${where}`);
    } else if (sameName !== undefined) {
      report(
        "error",
        ["listeners", index],
        `listener ${sameName + 1} is already named ${name}`,
        "give it another name",
        "key",
      );
    }
    names.set(name, index);
    // Port 0 becomes another port each time.
    if (address.family === "unix" || address.port !== 0) addresses.set(where, index);
  }
  const taken = admin === undefined ? undefined : addresses.get(formatAddress(admin));
  if (taken !== undefined)
    report("error", ["admin"], `listener ${taken + 1} already listens on ${formatAddress(admin!)}`);
}

function checkLoops(listeners: readonly ListenerSpec[], clusters: readonly ClusterSpec[], report: Report): void {
  for (const cluster of clusters) {
    for (const [index, endpoint] of cluster.endpoints.entries()) {
      const loop = listeners.find((listener) => reaches(endpoint.address, listener.address));
      if (loop === undefined) continue;
      const path = ["clusters", cluster.name, "endpoints", index];
      report(
        "warning",
        path,
        `${formatAddress(endpoint.address)} is our own listener ${loop.name}`,
        "requests could go round",
      );
    }
  }
}

/** Whether connecting to `to` surely ends at something that listens on `at`. */
function reaches(to: Address, at: Address): boolean {
  if (formatAddress(to) === formatAddress(at)) return true;
  if (to.family === "unix" || at.family === "unix" || to.port !== at.port) return false;
  return at.host === "0.0.0.0" && to.host === "127.0.0.1";
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) freeze(item);
  }
  return value;
}
