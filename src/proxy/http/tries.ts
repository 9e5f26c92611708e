/**
 * The tries of one exchange. Each takes an endpoint, a connection to it and, beyond the first, a place in the retry
 * budget; `settle` gives all of them back exactly once, however the try ended, and counts it.
 */
import { type Code, TRAITS } from "../../base/errors.js";
import { isFailure, type OutcomeId } from "../../model/outcome.js";
import { Query } from "../../model/query.js";
import { C, E, statusClass } from "../../observe/layout.js";
import { type FailedTry, mayRetry, mayRetryStatus } from "../../resilience/retry-policy.js";
import { Method, type MethodId } from "../../wire/http1/head.js";
import type { ProxyContext } from "../context.js";
import type { ProxyEndpoint } from "../proxy-cluster.js";
import type { Account } from "./account.js";
import type { Exchange } from "./exchange.js";
import type { Flight } from "./flight.js";
import type { ForwardRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";
import { type FateId, Upstream } from "./upstream.js";

export class Tries implements FailedTry {
  // What the retry policy asks about.
  tries = 0;
  idempotent = true;
  bytesSent = 0;
  bodyKept = true;
  responseForwarded = false;
  pooledConnection = false;
  /** Of the try under way. */
  upstream: Upstream | undefined = undefined;
  endpoint: ProxyEndpoint | undefined = undefined;
  startedAt = 0;
  /** Until the response header, milliseconds; -1 = none came. */
  responseMs = -1;
  bytesReceived = 0;
  readonly query = new Query();
  readonly #worker: HttpWorker;
  readonly #context: ProxyContext;
  readonly #account: Account;
  #route!: ForwardRoute;
  /** A place in the budget was taken for the next try; the try under way holds one. */
  #mayBegin = false;
  #holdsPlace = false;

  constructor(worker: HttpWorker, account: Account) {
    this.#worker = worker;
    this.#context = worker.context;
    this.#account = account;
  }

  /** Begins a new request. */
  reset(route: ForwardRoute, method: MethodId, hash: number): void {
    this.#route = route;
    this.tries = 0;
    this.idempotent = isIdempotent(method);
    this.bodyKept = true;
    this.query.reset(hash);
  }

  /**
   * Sends what is in flight to the next endpoint. False where there is none: `query.refusal` says why.
   * @param fresh not on a connection from the pool
   */
  begin(exchange: Exchange, flight: Flight, fresh: boolean): boolean {
    const { metrics, engine } = this.#context;
    const { cluster, timeouts } = this.#route;
    this.#holdsPlace = this.#mayBegin;
    this.#mayBegin = false;
    this.query.now = this.#context.now();
    const endpoint = cluster.live.acquire(this.query);
    if (endpoint === undefined) {
      metrics[cluster.metrics + (this.query.refusal === "OVERLOADED" ? C.OVERLOADED : C.NO_ENDPOINT)]++;
      this.#returnPlace();
      return false;
    }
    const data = endpoint.data!;
    this.endpoint = endpoint;
    this.startedAt = engine.now();
    this.responseMs = -1;
    this.bytesReceived = 0;
    this.tries++;
    if (cluster.live.panicking) metrics[cluster.metrics + C.PANIC_PICKS]++;
    metrics[cluster.metrics + C.ACTIVE]++;
    metrics[data.metrics + E.ACTIVE]++;
    metrics[data.metrics + E.REQUESTS]++;
    let upstream = fresh ? undefined : data.pool.take();
    this.pooledConnection = upstream !== undefined;
    if (upstream === undefined) {
      metrics[cluster.metrics + C.CONNECTS]++;
      metrics[data.metrics + E.CONNECTS]++;
      upstream = new Upstream(this.#context, this.#worker, cluster, endpoint);
      upstream.attach(exchange);
      if (timeouts.perTryMs > 0) upstream.deadline.set(this.startedAt + timeouts.perTryMs);
    } else {
      metrics[cluster.metrics + C.POOL_REUSED]++;
      upstream.attach(exchange);
      this.#account.connectMs = Math.max(0, this.#account.connectMs);
    }
    this.upstream = upstream;
    this.bytesSent = flight.sendTo(upstream.conn);
    return true;
  }

  /** Connecting succeeded or, as the next, failed: either has taken its time. */
  connected(): void {
    const { connectMs } = this.#account;
    this.#account.connectMs = Math.max(0, connectMs) + this.#context.engine.now() - this.startedAt;
  }

  connectFailed(): void {
    this.connected();
    this.#context.metrics[this.#route.cluster.metrics + C.CONNECT_FAILURES]++;
    this.#context.metrics[this.endpoint!.data!.metrics + E.CONNECT_FAILURES]++;
  }

  /** The response's header has come. */
  answered(): void {
    this.responseMs = this.#context.engine.now() - this.startedAt;
    this.#account.responseMs = this.responseMs;
  }

  /** Something was sent: the endpoint has its time to answer from now on. */
  awaitResponse(): void {
    const { responseHeaderMs, perTryMs } = this.#route.timeouts;
    const at = this.#context.engine.now() + responseHeaderMs;
    this.upstream!.deadline.set(perTryMs > 0 ? Math.min(at, this.startedAt + perTryMs) : at);
  }

  /** Something of the response, or of a tunnel, moved. */
  touch(): void {
    this.upstream!.deadline.set(this.#context.engine.now() + this.#route.timeouts.idleMs);
  }

  /** This try has used up its own time (rather than the time for a response header). */
  get isOver(): boolean {
    const { perTryMs } = this.#route.timeouts;
    return perTryMs > 0 && this.#context.engine.now() >= this.startedAt + perTryMs;
  }

  /** After a failed try: whether to make another, and with a place in the budget. */
  mayRepeat(code: Code): boolean {
    if (!mayRetry(this, code, this.#route.retry)) return false;
    // The budget bounds the load that repeated work adds. Where nothing reached an endpoint none is added; and losing the
    // race against one that closes its idle connections is rare.
    if (TRAITS[code].retry === "safe") {
      this.#context.metrics[this.#route.cluster.metrics + C.RETRIES]++;
      return true;
    }
    return (code === "UPSTREAM_RESET" && this.pooledConnection && this.tries === 1) || this.#takePlace();
  }

  /** The same for a response whose status counts as failure. */
  mayRepeatStatus(status: number): boolean {
    return mayRetryStatus(this, status, this.#route.retry) && this.#takePlace();
  }

  /** Ends the try under way, if there is one. */
  settle(outcome: OutcomeId, result: Code | "ok", status: number, fate: FateId): void {
    const { endpoint, upstream } = this;
    if (endpoint === undefined) return;
    this.upstream = undefined;
    this.endpoint = undefined;
    upstream!.leave(fate);
    const { cluster } = this.#route;
    const { metrics } = this.#context;
    const block = endpoint.data!.metrics;
    metrics[cluster.metrics + C.ACTIVE]--;
    metrics[cluster.metrics + C.REQUESTS_NONE + statusClass(status)]++;
    metrics[cluster.metrics + C.BYTES_IN] += this.bytesReceived;
    metrics[cluster.metrics + C.BYTES_OUT] += this.bytesSent;
    metrics[block + E.ACTIVE]--;
    metrics[block + E.BYTES_IN] += this.bytesReceived;
    metrics[block + E.BYTES_OUT] += this.bytesSent;
    if (isFailure(outcome)) metrics[block + E.FAILURES]++;
    this.#account.onTry(endpoint.id, result, this.pooledConnection, cluster.name);
    cluster.live.settle(endpoint, outcome, this.responseMs, this.#context.now());
    this.#returnPlace();
  }

  #takePlace(): boolean {
    const { cluster } = this.#route;
    this.#mayBegin = cluster.live.beginRetry();
    this.#context.metrics[cluster.metrics + (this.#mayBegin ? C.RETRIES : C.RETRIES_DENIED)]++;
    return this.#mayBegin;
  }

  #returnPlace(): void {
    if (!this.#holdsPlace) return;
    this.#holdsPlace = false;
    this.#route.cluster.live.endRetry();
  }
}

/** RFC 9110 9.2.2. */
function isIdempotent(method: MethodId): boolean {
  return method !== Method.POST && method !== Method.PATCH && method !== Method.EXTENSION && method !== Method.CONNECT;
}
