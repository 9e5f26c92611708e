/**
 * What operators change at run time, laid over what the configuration and its sources name. It lasts until it is taken back, the
 * process ends, or the endpoint that it changes is named no longer: whoever takes an endpoint out of the file has the last word.
 */
import type { Address } from "../model/address.js";
import type { EndpointChange } from "../model/endpoint-change.js";
import type { EndpointSpec } from "../model/spec.js";
import type { OriginatedEndpoint } from "./merge.js";

export interface Overlay {
  /** undefined = as the configuration or the source says. */
  readonly address: Address | undefined;
  readonly weight: number | undefined;
  readonly maxConnections: number | undefined;
  /** It keeps what it has and gets nothing new. */
  readonly drain: boolean;
  /** It is taken out, although it is named. */
  readonly removed: boolean;
  /** Somebody else names it too. */
  readonly isBased: boolean;
}

/** By endpoint id. */
export type Overlays = ReadonlyMap<string, Overlay>;

const NOTHING: Overlay = {
  address: undefined,
  weight: undefined,
  maxConnections: undefined,
  drain: false,
  removed: false,
  isBased: false,
};

/** With one endpoint changed, or brought back after it was removed. */
export function changeOverlay(overlays: Overlays, id: string, change: EndpointChange): Overlays {
  const next: Overlay = { ...NOTHING, ...overlays.get(id), removed: false, ...change };
  const changed = new Map(overlays);
  if (saysNothing(next)) changed.delete(id);
  else changed.set(id, next);
  return changed;
}

/** With one endpoint removed: one that nobody else names is forgotten. */
export function removeOverlay(overlays: Overlays, id: string, isNamed: boolean): Overlays {
  const changed = new Map(overlays);
  if (isNamed) changed.set(id, { ...NOTHING, removed: true, isBased: true });
  else changed.delete(id);
  return changed;
}

/** The overlays that still hold for a new set: what was named and is not any more takes its overlay with it. */
export function rebaseOverlays(overlays: Overlays, named: readonly OriginatedEndpoint[]): Overlays {
  const ids = new Set(named.map(({ spec }) => spec.id));
  const kept = [...overlays].flatMap(([id, overlay]): [string, Overlay][] => {
    const isNamed = ids.has(id);
    if (!isNamed && (overlay.isBased || overlay.address === undefined)) return [];
    return [[id, { ...overlay, isBased: isNamed }]];
  });
  return new Map(kept);
}

/** @param overlays rebased on `named` */
export function applyOverlays(named: readonly OriginatedEndpoint[], overlays: Overlays): OriginatedEndpoint[] {
  const endpoints: OriginatedEndpoint[] = [];
  for (const endpoint of named) {
    const overlay = overlays.get(endpoint.spec.id);
    if (overlay === undefined) endpoints.push(endpoint);
    else if (!overlay.removed) endpoints.push({ spec: patch(endpoint.spec, overlay), origin: "admin" });
  }
  for (const [id, overlay] of overlays) {
    if (overlay.isBased || overlay.address === undefined) continue;
    const spec = { id, address: overlay.address, weight: 1, maxConnections: 0, priority: 0, zone: "" };
    endpoints.push({ spec: patch(spec, overlay), origin: "admin" });
  }
  return endpoints;
}

function patch(spec: EndpointSpec, { address, weight, maxConnections }: Overlay): EndpointSpec {
  return {
    ...spec,
    address: address ?? spec.address,
    weight: weight ?? spec.weight,
    maxConnections: maxConnections ?? spec.maxConnections,
  };
}

function saysNothing({ address, weight, maxConnections, drain, removed }: Overlay): boolean {
  return address === undefined && weight === undefined && maxConnections === undefined && !drain && !removed;
}
