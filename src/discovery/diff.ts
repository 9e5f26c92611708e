/** What changed between two sets of endpoints: the one place that compares them, for logs and for previews. */
import { formatAddress } from "../model/address.js";
import type { EndpointSpec } from "../model/spec.js";

export interface EndpointsDiff {
  readonly added: readonly EndpointSpec[];
  readonly removed: readonly EndpointSpec[];
  /** The same id at another address: connections to the old one finish. */
  readonly moved: readonly EndpointChange[];
  /** Only attributes changed: connections stay. */
  readonly changed: readonly EndpointChange[];
}

export interface EndpointChange {
  readonly before: EndpointSpec;
  readonly after: EndpointSpec;
}

export function diffEndpoints(before: readonly EndpointSpec[], after: readonly EndpointSpec[]): EndpointsDiff {
  const old = new Map(before.map((spec) => [spec.id, spec]));
  const added: EndpointSpec[] = [];
  const moved: EndpointChange[] = [];
  const changed: EndpointChange[] = [];
  for (const spec of after) {
    const known = old.get(spec.id);
    if (known === undefined) added.push(spec);
    else if (formatAddress(known.address) !== formatAddress(spec.address)) moved.push({ before: known, after: spec });
    else if (attributes(known) !== attributes(spec)) changed.push({ before: known, after: spec });
    old.delete(spec.id);
  }
  return { added, removed: [...old.values()], moved, changed };
}

export function isUnchanged({ added, removed, moved, changed }: EndpointsDiff): boolean {
  return added.length + removed.length + moved.length + changed.length === 0;
}

/** `2 added, 1 removed`; empty where nothing changed. */
export function summarizeEndpoints({ added, removed, moved, changed }: EndpointsDiff): string {
  const counts: [number, string][] = [
    [added.length, "added"],
    [removed.length, "removed"],
    [moved.length, "moved"],
    [changed.length, "changed"],
  ];
  return counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(", ");
}

/** Specs are plain data; keys may come in any order. */
function attributes(spec: EndpointSpec): string {
  return JSON.stringify(Object.entries(spec).sort(([a], [b]) => (a < b ? -1 : 1)));
}
