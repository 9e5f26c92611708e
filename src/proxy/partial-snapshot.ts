/**
 * The part of a snapshot that concerns some clusters. When only endpoints change, a worker gets this instead of everything: reading and
 * comparing thousands of endpoints that are as they were would keep it from its requests.
 */
import type { Snapshot } from "./messages.js";

export function partOf(snapshot: Snapshot, clusters: ReadonlySet<string>): Snapshot {
  const { spec, slots, plans, metricSlots, sources } = snapshot;
  const pick = <V>(map: ReadonlyMap<string, V>): Map<string, V> =>
    new Map([...map].filter(([key]) => clusters.has(key)));
  const endpoints = new Map<string, number>();
  for (const [key, slot] of metricSlots.endpoints) if (clusters.has(clusterOf(key))) endpoints.set(key, slot);
  return {
    spec: { ...spec, listeners: [], clusters: spec.clusters.filter(({ name }) => clusters.has(name)) },
    slots: pick(slots),
    plans: pick(plans),
    metricSlots: { listeners: new Map(), clusters: pick(metricSlots.clusters), endpoints },
    sources: pick(sources),
  };
}

/** Of a key that `endpointKey` made. */
function clusterOf(key: string): string {
  return key.slice(0, key.indexOf("\0"));
}
