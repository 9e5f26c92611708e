/** A cluster as the proxy uses it: the policy's live object, where its figures are counted, and its idle connections. */
import { isDeepStrictEqual } from "node:util";
import { SourceTable } from "../balance/source-table.js";
import { Cluster } from "../cluster/cluster.js";
import type { LiveEndpoint } from "../cluster/live-endpoint.js";
import type { ClusterSlots, Slots } from "../cluster/slots.js";
import { Limit, type Query } from "../model/query.js";
import type { ClusterSpec } from "../model/spec.js";
import { C, clusterBase, endpointBase } from "../observe/layout.js";
import { endpointKey, type SlotMap } from "../observe/slots.js";
import { RecentLatency } from "../resilience/recent-latency.js";
import { ClusterQueue } from "./cluster-queue.js";
import type { ProxyContext } from "./context.js";
import { RequestHash } from "./http/hash-request.js";
import { SourcePersistence, TokenPersistence, type TokenSpec, tokenLine } from "./http/persistence.js";
import { NO_BYTES } from "./http/put-bytes.js";
import { UpstreamPool } from "./http/upstream-pool.js";
import type { Snapshot } from "./messages.js";
import { tokenOf } from "./persistence-token.js";
import { RetryQueue } from "./retry-queue.js";

/** What the proxy hangs on an endpoint. */
export class EndpointData {
  /** Base of its metrics block. */
  readonly metrics: number;
  readonly pool: UpstreamPool;
  /** What stands for it in a client's cookie or header, and the response's line that says so; empty without such. */
  token = "";
  tokenLine: Uint8Array = NO_BYTES;

  constructor(metrics: number, pool: UpstreamPool) {
    this.metrics = metrics;
    this.pool = pool;
  }
}

export type ProxyEndpoint = LiveEndpoint<EndpointData>;

export class ProxyCluster {
  readonly name: string;
  readonly live: Cluster<EndpointData>;
  /** Base of its metrics block. */
  readonly metrics: number;
  /** False once it was removed: its connections are not kept any more. */
  current = true;
  /** What its policy hashes of a request. */
  hash: RequestHash;
  /** How long it takes to answer; kept once a route that hedges wants to know it. */
  latency: RecentLatency | undefined = undefined;
  /** Who waits for room. */
  readonly queue: ClusterQueue;
  /** Who waits for a place in the retry budget. */
  readonly retries: RetryQueue;
  /** How clients come back to their endpoint: one of the two, or neither. */
  tokens: TokenPersistence | undefined = undefined;
  sources: SourcePersistence | undefined = undefined;
  readonly #context: ProxyContext;
  /** Of which the endpoints have tokens. */
  #tokenSpec: TokenSpec | undefined = undefined;

  constructor(context: ProxyContext, spec: ClusterSpec, snapshot: Snapshot) {
    const { slots, plans, metricSlots } = snapshot;
    this.#context = context;
    this.name = spec.name;
    this.metrics = clusterBase(metricSlots.clusters.get(spec.name)!);
    this.live = new Cluster<EndpointData>({
      spec,
      slots: slotsOf(spec, slots),
      plan: plans.get(spec.name)!,
      shared: context.shared,
      worker: context.worker,
      random: context.random,
      events: { onFailures: (cluster, endpoint, row) => context.main.failures(cluster, endpoint, row) },
    });
    this.hash = new RequestHash(spec.balance.hashOn);
    this.queue = new ClusterQueue(context, this);
    this.retries = new RetryQueue(context, this);
    this.#equip(metricSlots);
    this.#persist(snapshot);
  }

  get spec(): ClusterSpec {
    return this.live.spec;
  }

  /**
   * Follows a new spec. What did not change keeps its connections; idle ones to endpoints that went or moved close now, busy
   * ones after their exchange.
   */
  update(spec: ClusterSpec, snapshot: Snapshot): void {
    const { slots, plans, metricSlots } = snapshot;
    const left = this.live.update(spec, slotsOf(spec, slots), plans.get(spec.name)!);
    for (const endpoint of left) endpoint.data!.pool.close();
    this.hash = new RequestHash(spec.balance.hashOn);
    this.#equip(metricSlots);
    this.#persist(snapshot);
  }

  /**
   * Counts a connection that is about to be made to an acquired endpoint, for which an idle one is closed where need be. Where
   * there may be none the endpoint is given back, and `query.limit` says why.
   */
  open(endpoint: ProxyEndpoint, query: Query): boolean {
    const { live } = this;
    if (live.open(endpoint, query)) return true;
    if (query.limit === Limit.CONNECTIONS && this.#closeIdle() && live.open(endpoint, query)) return true;
    live.giveBack(endpoint, query);
    query.refusal = "OVERLOADED";
    return false;
  }

  keepLatency(): void {
    this.latency ??= new RecentLatency();
  }

  /** Counts that nobody could be acquired. */
  countRefusal(metrics: Float64Array, query: Query): void {
    if (query.refusal !== "OVERLOADED") metrics[this.metrics + C.NO_ENDPOINT]++;
    else {
      metrics[this.metrics + C.OVERLOADED]++;
      metrics[this.metrics + C.LIMITED_ENDPOINTS + query.limit]++;
    }
  }

  /** Removed by a reload, or the worker drains: idle connections close now, busy ones after their exchange. */
  retire(): void {
    this.current = false;
    for (const endpoint of this.live.endpoints) endpoint.data!.pool.close();
  }

  #closeIdle(): boolean {
    for (const endpoint of this.live.endpoints) {
      const idle = endpoint.data!.pool.take();
      if (idle === undefined) continue;
      idle.close();
      return true;
    }
    return false;
  }

  #persist({ sources }: Snapshot): void {
    const { persistence } = this.spec;
    const { endpoints } = this.live;
    const spec = persistence?.kind === "source" ? undefined : persistence;
    const isSame = isDeepStrictEqual(spec, this.#tokenSpec);
    const secret = spec?.secret || this.#context.secret;
    for (const { id, data } of endpoints) {
      // A keyed hash for each of thousands of endpoints is worth keeping.
      if (isSame && (spec === undefined || data!.token !== "")) continue;
      data!.token = spec === undefined ? "" : tokenOf(secret, this.name, id);
      data!.tokenLine = spec === undefined ? NO_BYTES : tokenLine(spec, data!.token);
    }
    this.#tokenSpec = spec;
    this.tokens = spec === undefined ? undefined : new TokenPersistence(spec, endpoints);
    this.sources =
      persistence?.kind !== "source"
        ? undefined
        : new SourcePersistence(new SourceTable(sources.get(this.name)!, persistence.ttlMs), endpoints);
  }

  #equip(metricSlots: SlotMap): void {
    const { name, pool } = this.spec;
    for (const endpoint of this.live.endpoints) {
      if (endpoint.data === undefined) {
        const slot = metricSlots.endpoints.get(endpointKey(name, endpoint.id))!;
        endpoint.data = new EndpointData(endpointBase(slot), new UpstreamPool(endpoint, pool.maxIdle));
      } else endpoint.data.pool.resize(pool.maxIdle);
    }
  }
}

function slotsOf(spec: ClusterSpec, slots: Slots): ClusterSlots {
  const own = slots.get(spec.name);
  if (own === undefined) throw new RangeError(`cluster ${spec.name} has no slot`);
  return own;
}
