/**
 * The endpoints that each cluster has now: its own list, what its source names, and what operators changed. A set is merged first and
 * takes effect with `commit`, once the workers follow it; until then the old one is what is shown and what changes build on.
 */
import { isDeepStrictEqual } from "node:util";
import type { OriginatedEndpoint } from "../discovery/merge.js";
import { applyOverlays, type Overlays, rebaseOverlays } from "../discovery/overlay.js";
import { formatAddress } from "../model/address.js";
import type { OverlayView } from "../model/endpoint-change.js";
import type { ClusterSpec, Origin, Spec } from "../model/spec.js";
import type { Discoveries } from "./discoveries.js";

interface Merged {
  readonly configured: ClusterSpec;
  /** The same object as before where nothing differs: whoever follows it sees that at a glance. */
  readonly spec: ClusterSpec;
  /** Named by the configuration or a source. */
  readonly named: ReadonlySet<string>;
  readonly overlays: Overlays;
  readonly origins: ReadonlyMap<string, Origin>;
}

const NONE: Overlays = new Map();

export class EndpointSets {
  readonly #discoveries: Pick<Discoveries, "merge" | "commit" | "abandon">;
  /** What was changed before the process began, until the first commit. */
  #restored: ReadonlyMap<string, Overlays>;
  #current: ReadonlyMap<string, Merged> = new Map();
  #next: ReadonlyMap<string, Merged> = new Map();
  readonly #proposed = new Map<string, Overlays>();
  /** Endpoints that are drained by an operator, as cluster and id. */
  #held: readonly (readonly [string, string])[] = [];

  /** @param restored by cluster: overlays that an earlier process had */
  constructor(
    discoveries: Pick<Discoveries, "merge" | "commit" | "abandon">,
    restored: ReadonlyMap<string, Overlays> = new Map(),
  ) {
    this.#discoveries = discoveries;
    this.#restored = restored;
  }

  /** `configured` with the endpoints that there are now. Then `commit` or `abandon`. */
  merge(configured: Spec): Spec {
    const next = new Map<string, Merged>();
    const clusters = configured.clusters.map((cluster) => {
      const named = this.#discoveries.merge(cluster);
      const before = this.#proposed.get(cluster.name) ?? this.#known(cluster.name) ?? NONE;
      const overlays = rebaseOverlays(before, named);
      const endpoints = applyOverlays(named, overlays);
      const spec = mergedSpec(cluster, endpoints, this.#current.get(cluster.name));
      next.set(cluster.name, {
        configured: cluster,
        spec,
        named: new Set(named.map((one) => one.spec.id)),
        overlays,
        origins: new Map(endpoints.map((one) => [one.spec.id, one.origin])),
      });
      return spec;
    });
    this.#next = next;
    return { ...configured, clusters };
  }

  /** Clusters that the last merge made different from those in force. */
  changed(): ReadonlySet<string> {
    const names = [...this.#next].filter(([name, { spec }]) => this.#current.get(name)?.spec !== spec);
    return new Set(names.map(([name]) => name));
  }

  commit(): void {
    this.#discoveries.commit();
    this.#proposed.clear();
    this.#restored = new Map();
    this.#current = this.#next;
  }

  abandon(): void {
    this.#discoveries.abandon();
    this.#proposed.clear();
  }

  /** Lays these over the cluster's endpoints at the next merge. */
  propose(cluster: string, overlays: Overlays): void {
    this.#proposed.set(cluster, overlays);
  }

  hasCluster(cluster: string): boolean {
    return this.#current.has(cluster);
  }

  /** Whether the configuration or a source names it. */
  isNamed(cluster: string, id: string): boolean {
    return this.#current.get(cluster)?.named.has(id) === true;
  }

  overlays(cluster: string): Overlays {
    return this.#current.get(cluster)?.overlays ?? NONE;
  }

  /** Of all clusters. */
  allOverlays(): ReadonlyMap<string, Overlays> {
    return new Map([...this.#current].map(([name, { overlays }]) => [name, overlays]));
  }

  origin(cluster: string, id: string): Origin {
    return this.#current.get(cluster)?.origins.get(id) ?? "config";
  }

  #known(cluster: string): Overlays | undefined {
    return this.#current.get(cluster)?.overlays ?? this.#restored.get(cluster);
  }

  /** Calls `hold` for each endpoint that is drained by an operator, or was before the last commit. */
  holdAll(hold: (cluster: string, id: string, held: boolean) => void): void {
    const wanted = [...this.#current].flatMap(([cluster, { overlays }]) =>
      [...overlays].flatMap(([id, { drain }]) => (drain ? [[cluster, id] as const] : [])),
    );
    for (const [cluster, id] of this.#held) {
      if (this.overlays(cluster).get(id)?.drain !== true) hold(cluster, id, false);
    }
    for (const [cluster, id] of wanted) hold(cluster, id, true);
    this.#held = wanted;
  }
}

/** As pages show it. */
export function viewOverlays(overlays: Overlays): OverlayView[] {
  return [...overlays].map(([id, { address, weight, maxConnections, drain, removed }]) => {
    return { id, address: address && formatAddress(address), weight, maxConnections, drain, removed };
  });
}

function mergedSpec(
  configured: ClusterSpec,
  endpoints: readonly OriginatedEndpoint[],
  before: Merged | undefined,
): ClusterSpec {
  const old = before?.spec.endpoints;
  const isSame =
    before?.configured === configured &&
    old?.length === endpoints.length &&
    endpoints.every(({ spec }, i) => spec === old[i] || isDeepStrictEqual(spec, old[i]));
  return isSame ? before.spec : { ...configured, endpoints: endpoints.map(({ spec }) => spec) };
}
