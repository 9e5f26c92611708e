/**
 * What a reload from one configuration to another would do, as data: for the preview of `plimsoll check --diff` and for the line that
 * a reload logs. Both come from here, so that the preview says what happens.
 */
import { diffEndpoints } from "../discovery/diff.js";
import { formatAddress } from "../model/address.js";
import { describeSource } from "../model/discovery-spec.js";
import { type ClusterSpec, type EndpointSpec, FIXED_KEYS, type ListenerSpec, type Spec } from "../model/spec.js";
import { differences } from "./differences.js";
import { formatDuration } from "./units.js";

export interface Change {
  /** `restart`: nothing happens until the process starts anew. */
  readonly kind: "added" | "removed" | "changed" | "restart";
  readonly what: "listener" | "route" | "cluster" | "endpoint" | "setting";
  readonly name: string;
  /** What becomes of it, in words. */
  readonly effect: string;
}

/** In the order of the file: listeners with their routes, clusters with their endpoints, everything else. */
export function diffSpecs(before: Spec, after: Spec): Change[] {
  return [...diffListeners(before, after), ...diffClusters(before, after), ...diffSettings(before, after)];
}

/** `2 endpoints added, 1 route changed`; `nothing changed` where that is so. */
export function summarizeChanges(changes: readonly Change[]): string {
  const counts = new Map<string, { readonly what: string; readonly kind: string; count: number }>();
  for (const { what, kind } of changes) {
    const entry = counts.get(`${what} ${kind}`) ?? { what, kind, count: 0 };
    entry.count++;
    counts.set(`${what} ${kind}`, entry);
  }
  if (counts.size === 0) return "nothing changed";
  const said = [...counts.values()].map(({ what, kind, count }) => {
    return `${count} ${what}${count === 1 ? "" : "s"} ${kind === "restart" ? "changed after a restart only" : kind}`;
  });
  return said.join(", ");
}

function diffListeners(before: Spec, after: Spec): Change[] {
  const changes: Change[] = [];
  const finish = `its connections may finish within ${formatDuration(after.drainMs)}`;
  const { pairs, added, removed } = pairUp(before.listeners, after.listeners, ({ name }) => name);
  for (const { name, address } of removed) {
    changes.push({ kind: "removed", what: "listener", name, effect: `closes ${formatAddress(address)}; ${finish}` });
  }
  for (const { name, address } of added) {
    changes.push({ kind: "added", what: "listener", name, effect: `opens ${formatAddress(address)}` });
  }
  for (const [old, next] of pairs) {
    const effect = describeListener(old, next, finish);
    if (effect !== undefined) changes.push({ kind: "changed", what: "listener", name: next.name, effect });
    changes.push(...diffRoutes(old, next));
  }
  return changes;
}

function describeListener(old: ListenerSpec, next: ListenerSpec, finish: string): string | undefined {
  const [from, to] = [formatAddress(old.address), formatAddress(next.address)];
  if (from !== to) return `opens ${to} and closes ${from}; ${finish}`;
  if (old.kind !== next.kind) return `${old.kind} becomes ${next.kind} for new connections; ${finish}`;
  const changed = differences({ ...old, routes: undefined }, { ...next, routes: undefined });
  return changed.length === 0 ? undefined : `${changed.join(", ")}; its connections stay`;
}

/** Routes are named, and the first that matches is taken: their order counts too. */
function diffRoutes(old: ListenerSpec, next: ListenerSpec): Change[] {
  if (old.kind !== "http" || next.kind !== "http") return [];
  const changes: Change[] = [];
  const of = (name: string): string => `${name} of listener ${next.name}`;
  const { pairs, added, removed } = pairUp(old.routes, next.routes, ({ name }) => name);
  for (const { name } of removed) changes.push({ kind: "removed", what: "route", name: of(name), effect: "is gone" });
  for (const { name } of added) changes.push({ kind: "added", what: "route", name: of(name), effect: "is new" });
  for (const [from, to] of pairs) {
    const changed = differences(from, to);
    if (changed.length === 0) continue;
    changes.push({ kind: "changed", what: "route", name: of(to.name), effect: changed.join(", ") });
  }
  const order = (pick: 0 | 1): string => {
    const kept = new Set(pairs.map(([from]) => from.name));
    return [old, next][pick].routes.flatMap(({ name }) => (kept.has(name) ? [name] : [])).join("\n");
  };
  if (order(0) !== order(1)) {
    const effect = "routes stand in another order";
    changes.push({ kind: "changed", what: "listener", name: next.name, effect });
  }
  return changes;
}

function diffClusters(before: Spec, after: Spec): Change[] {
  const changes: Change[] = [];
  const { pairs, added, removed } = pairUp(before.clusters, after.clusters, ({ name }) => name);
  for (const { name } of removed) {
    changes.push({ kind: "removed", what: "cluster", name, effect: "finishes what it has" });
  }
  for (const cluster of added) {
    const { name, discover, endpoints } = cluster;
    const source = discover === undefined ? "" : `, and those of ${describeSource(discover)}`;
    changes.push({ kind: "added", what: "cluster", name, effect: `endpoints: ${endpoints.length}${source}` });
  }
  for (const [old, next] of pairs) {
    const changed = differences({ ...old, endpoints: undefined }, { ...next, endpoints: undefined });
    if (changed.length > 0) {
      const effect = `${changed.join(", ")}; its connections stay`;
      changes.push({ kind: "changed", what: "cluster", name: next.name, effect });
    }
    changes.push(...describeEndpoints(old, next));
  }
  return changes;
}

function describeEndpoints(old: ClusterSpec, next: ClusterSpec): Change[] {
  const { added, removed, moved, changed } = diffEndpoints(old.endpoints, next.endpoints);
  const change = (kind: Change["kind"], { id }: EndpointSpec, effect: string): Change => {
    return { kind, what: "endpoint", name: `${id} of cluster ${next.name}`, effect };
  };
  return [
    ...removed.map((spec) => change("removed", spec, "gets nothing new and finishes what it has")),
    ...added.map((spec) => change("added", spec, `at ${formatAddress(spec.address)}, weight ${spec.weight}`)),
    ...moved.map(({ before, after }) => {
      const where = `${formatAddress(before.address)} -> ${formatAddress(after.address)}`;
      return change("changed", after, `${where}; connections to the old address finish`);
    }),
    ...changed.map(({ before, after }) => {
      const drains = before.weight > 0 && after.weight === 0 ? "; it drains" : "; its connections stay";
      return change("changed", after, differences(before, after).join(", ") + drains);
    }),
  ];
}

function diffSettings(before: Spec, after: Spec): Change[] {
  const fixed: readonly string[] = FIXED_KEYS;
  const rest = { listeners: undefined, clusters: undefined };
  const [old, next]: Record<string, unknown>[] = [
    { ...before, ...rest },
    { ...after, ...rest },
  ];
  return [...new Set([...Object.keys(old), ...Object.keys(next)])].flatMap((name): Change[] => {
    const changed = differences({ [name]: old[name] }, { [name]: next[name] });
    if (changed.length === 0) return [];
    const isFixed = fixed.includes(name);
    const effect = changed.join(", ") + (isFixed ? "; takes effect only after a restart" : "");
    return [{ kind: isFixed ? "restart" : "changed", what: "setting", name, effect }];
  });
}

/** What stands under one name before and after, and what does not. */
function pairUp<T>(before: readonly T[], after: readonly T[], nameOf: (item: T) => string) {
  const old = new Map(before.map((item) => [nameOf(item), item]));
  const pairs: (readonly [T, T])[] = [];
  const added: T[] = [];
  for (const item of after) {
    const known = old.get(nameOf(item));
    if (known === undefined) added.push(item);
    else pairs.push([known, item]);
    old.delete(nameOf(item));
  }
  return { pairs, added, removed: [...old.values()] };
}
