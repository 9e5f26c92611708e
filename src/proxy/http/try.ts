/**
 * One try of an exchange: an endpoint, a connection to it, and where it was repeated or hedged a place in the retry budget.
 * `settle` gives all of them back exactly once, however the try ended, and counts it.
 */
import type { Code } from "../../base/errors.js";
import type { OutcomeId } from "../../model/outcome.js";
import { countOutcome } from "../../observe/endpoint-outcome.js";
import { C, E, statusClass } from "../../observe/layout.js";
import type { ProxyContext } from "../context.js";
import type { ProxyCluster, ProxyEndpoint } from "../proxy-cluster.js";
import type { Account } from "./account.js";
import type { EndpointEvents } from "./events.js";
import type { Flight } from "./flight.js";
import type { HttpWorker } from "./http-worker.js";
import { type FateId, Upstream } from "./upstream.js";

export class Try {
  /** Both are there from `begin` to `settle`. */
  upstream: Upstream | undefined = undefined;
  endpoint: ProxyEndpoint | undefined = undefined;
  pooledConnection = false;
  startedAt = 0;
  /** Until the response header, milliseconds; -1 = none came. */
  responseMs = -1;
  /** With framing. */
  bytesSent = 0;
  bytesReceived = 0;
  readonly #worker: HttpWorker;
  readonly #context: ProxyContext;
  readonly #account: Account;
  #cluster!: ProxyCluster;
  #holdsPlace = false;

  constructor(worker: HttpWorker, account: Account) {
    this.#worker = worker;
    this.#context = worker.context;
    this.#account = account;
  }

  /**
   * Sends what is in flight to an endpoint that was acquired.
   * @param idle a connection of its pool; undefined = a new one, which `cluster.open` has counted
   * @param holdsPlace in the retry budget
   * @param perTryMs until the response header, connecting included; 0 = unlimited
   */
  begin(
    exchange: EndpointEvents,
    cluster: ProxyCluster,
    endpoint: ProxyEndpoint,
    idle: Upstream | undefined,
    flight: Flight,
    holdsPlace: boolean,
    perTryMs: number,
  ): void {
    const { metrics, engine } = this.#context;
    const data = endpoint.data!;
    this.#cluster = cluster;
    this.#holdsPlace = holdsPlace;
    this.endpoint = endpoint;
    this.startedAt = engine.now();
    this.responseMs = -1;
    this.bytesReceived = 0;
    if (cluster.live.panicking) metrics[cluster.metrics + C.PANIC_PICKS]++;
    metrics[cluster.metrics + C.ACTIVE]++;
    metrics[data.metrics + E.ACTIVE]++;
    metrics[data.metrics + E.REQUESTS]++;
    let upstream = idle;
    this.pooledConnection = upstream !== undefined;
    if (upstream === undefined) {
      metrics[cluster.metrics + C.CONNECTS]++;
      metrics[data.metrics + E.CONNECTS]++;
      upstream = new Upstream(this.#context, this.#worker, cluster, endpoint);
      upstream.attach(exchange);
      if (perTryMs > 0) upstream.deadline.set(this.startedAt + perTryMs);
    } else {
      metrics[cluster.metrics + C.POOL_REUSED]++;
      upstream.attach(exchange);
      this.#account.connectMs = Math.max(0, this.#account.connectMs);
    }
    this.upstream = upstream;
    this.bytesSent = flight.sendTo(upstream.conn);
  }

  /** Connecting succeeded or, as the next, failed: either has taken its time. */
  connected(): void {
    const { connectMs } = this.#account;
    this.#account.connectMs = Math.max(0, connectMs) + this.#context.engine.now() - this.startedAt;
  }

  connectFailed(): void {
    this.connected();
    this.#context.metrics[this.#cluster.metrics + C.CONNECT_FAILURES]++;
    this.#context.metrics[this.endpoint!.data!.metrics + E.CONNECT_FAILURES]++;
  }

  /** The response's header has come. */
  answered(status: number): void {
    this.responseMs = this.#context.engine.now() - this.startedAt;
    this.#account.responseMs = this.responseMs;
    this.#cluster.latency?.record(this.responseMs, this.#context.engine.now());
    this.#cluster.live.answered(this.endpoint!, status, this.responseMs, this.#context.now());
  }

  /** Ends it, if it is under way. */
  settle(outcome: OutcomeId, result: Code | "ok", status: number, fate: FateId): void {
    const { endpoint, upstream } = this;
    if (endpoint === undefined) return;
    this.upstream = undefined;
    this.endpoint = undefined;
    upstream!.leave(fate);
    const cluster = this.#cluster;
    const { metrics } = this.#context;
    const block = endpoint.data!.metrics;
    metrics[cluster.metrics + C.ACTIVE]--;
    metrics[cluster.metrics + C.REQUESTS_NONE + statusClass(status)]++;
    metrics[cluster.metrics + C.BYTES_IN] += this.bytesReceived;
    metrics[cluster.metrics + C.BYTES_OUT] += this.bytesSent;
    metrics[block + E.ACTIVE]--;
    metrics[block + E.BYTES_IN] += this.bytesReceived;
    metrics[block + E.BYTES_OUT] += this.bytesSent;
    countOutcome(metrics, block, outcome);
    this.#account.onTry(endpoint.id, result, this.pooledConnection, cluster.name);
    cluster.live.settle(endpoint, outcome, this.#context.now());
    if (this.#holdsPlace) cluster.live.endRetry(endpoint);
    this.#holdsPlace = false;
  }
}
