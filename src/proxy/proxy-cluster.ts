/** A cluster as the proxy uses it: the policy's live object, where its figures are counted, and its idle connections. */
import { Cluster } from "../cluster/cluster.js";
import type { LiveEndpoint } from "../cluster/live-endpoint.js";
import type { Slots } from "../cluster/slots.js";
import type { ClusterSpec } from "../model/spec.js";
import { clusterBase, endpointBase } from "../observe/layout.js";
import { endpointKey, type SlotMap } from "../observe/slots.js";
import type { ProxyContext } from "./context.js";
import { UpstreamPool } from "./http/upstream-pool.js";

/** What the proxy hangs on an endpoint. */
export class EndpointData {
  /** Base of its metrics block. */
  readonly metrics: number;
  readonly pool: UpstreamPool;

  constructor(metrics: number, pool: UpstreamPool) {
    this.metrics = metrics;
    this.pool = pool;
  }
}

export type ProxyEndpoint = LiveEndpoint<EndpointData>;

export class ProxyCluster {
  readonly name: string;
  readonly spec: ClusterSpec;
  readonly live: Cluster<EndpointData>;
  /** Base of its metrics block. */
  readonly metrics: number;
  /** False once a reload has replaced it: its connections are not kept any more. */
  current = true;

  constructor(context: ProxyContext, spec: ClusterSpec, slots: Slots, metricSlots: SlotMap) {
    const clusterSlots = slots.get(spec.name);
    if (clusterSlots === undefined) throw new RangeError(`cluster ${spec.name} has no slot`);
    this.name = spec.name;
    this.spec = spec;
    this.metrics = clusterBase(metricSlots.clusters.get(spec.name)!);
    this.live = new Cluster<EndpointData>({
      spec,
      slots: clusterSlots,
      shared: context.shared,
      worker: context.worker,
      random: context.random,
      events: { onFailures: (cluster, endpoint) => context.main.failures(cluster, endpoint) },
    });
    for (const endpoint of this.live.endpoints) {
      const slot = metricSlots.endpoints.get(endpointKey(spec.name, endpoint.id))!;
      endpoint.data = new EndpointData(endpointBase(slot), new UpstreamPool(spec.pool.maxIdle));
    }
  }

  /** Replaced by a reload, or the worker drains: idle connections close now, busy ones after their exchange. */
  retire(): void {
    this.current = false;
    for (const endpoint of this.live.endpoints) endpoint.data!.pool.close();
  }
}
