/**
 * A cluster's endpoints from all that name some: its own list, a source, and what operators changed at run time. Who stands
 * nearer to the operator wins: an endpoint of the list is not changed by a source that names it too.
 */
import type { EndpointSpec, Origin } from "../model/spec.js";

export interface OriginatedEndpoint {
  readonly spec: EndpointSpec;
  readonly origin: Origin;
}

/** Those of the list in their order, then those of the source that the list does not have. */
export function mergeEndpoints(
  configured: readonly EndpointSpec[],
  discovered: readonly EndpointSpec[],
  origin: Origin,
): OriginatedEndpoint[] {
  const ids = new Set(configured.map(({ id }) => id));
  const merged = configured.map((spec): OriginatedEndpoint => ({ spec, origin: "config" }));
  for (const spec of discovered) {
    // Also where a source names one twice.
    if (ids.has(spec.id)) continue;
    ids.add(spec.id);
    merged.push({ spec, origin });
  }
  return merged;
}
