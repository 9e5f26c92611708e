/** The tries of one exchange: which follows which, and whether another may. */
import { type Code, TRAITS } from "../../base/errors.js";
import type { OutcomeId } from "../../model/outcome.js";
import { isOfEndpoint, Query } from "../../model/query.js";
import { C } from "../../observe/layout.js";
import { backoffMs, isInTime, pauseBeforeRetry } from "../../resilience/backoff.js";
import { type FailedTry, mayRetry, mayRetryStatus } from "../../resilience/retry-policy.js";
import { Method, type MethodId, type ResponseHead } from "../../wire/http1/head.js";
import { parseRetryAfter } from "../../wire/http1/retry-after.js";
import type { ProxyContext } from "../context.js";
import type { ProxyCluster, ProxyEndpoint } from "../proxy-cluster.js";
import type { Account } from "./account.js";
import type { Destination } from "./destination.js";
import type { EndpointEvents } from "./events.js";
import type { Exchange } from "./exchange.js";
import type { Flight } from "./flight.js";
import type { Hedge } from "./hedge.js";
import type { ForwardRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";
import { latin1 } from "./put-bytes.js";
import { findHeader, Range } from "./request-part.js";
import { Try } from "./try.js";
import type { FateId, Upstream } from "./upstream.js";

/** Instead of milliseconds until the next try: there is none; it begins once the budget has a place for it. */
export const NEVER = -1;
export const FOR_PLACE = -2;

const RETRY_AFTER = latin1("retry-after");
const range = new Range();

export class Tries implements FailedTry {
  // What the retry policy asks about, with the two getters below.
  tries = 0;
  idempotent = true;
  bodyKept = true;
  responseForwarded = false;
  /** The try under way, or the last one. */
  current: Try;
  readonly query = new Query();
  readonly #context: ProxyContext;
  /** Of the request; those of another one before `reset`. */
  route!: ForwardRoute;
  cluster!: ProxyCluster;
  /** When the whole exchange has to be over, on the engine's clock; Infinity = never. */
  deadline = Number.POSITIVE_INFINITY;
  #destination!: Destination;
  /** A place in the budget was taken for the next try. */
  #holdsPlace = false;

  constructor(worker: HttpWorker, account: Account) {
    this.#context = worker.context;
    this.current = new Try(worker, account);
  }

  get bytesSent(): number {
    return this.current.bytesSent;
  }

  get pooledConnection(): boolean {
    return this.current.pooledConnection;
  }

  /** Of the try under way. */
  get upstream(): Upstream | undefined {
    return this.current.upstream;
  }

  /** Begins a new request. */
  reset(route: ForwardRoute, destination: Destination, method: MethodId, deadline: number): void {
    this.deadline = deadline;
    this.route = route;
    this.cluster = destination.cluster;
    this.#destination = destination;
    this.tries = 0;
    this.idempotent = isIdempotent(method);
    this.bodyKept = true;
    this.query.reset(destination.hash);
  }

  /**
   * Sends what is in flight to the next endpoint. False where there is none: `query.refusal` says why. What a retry holds in
   * the budget stays taken then: it may be asked again.
   * @param fresh not on a connection from the pool
   */
  begin(exchange: Exchange, flight: Flight, fresh: boolean): boolean {
    this.query.now = this.#context.now();
    this.query.preferred = this.#destination.preferred;
    this.query.repeats = this.#holdsPlace;
    this.query.fresh = fresh;
    for (;;) {
      const endpoint = this.cluster.live.acquire(this.query);
      if (endpoint === undefined) return false;
      if (this.#send(exchange, this.current, endpoint, flight, this.#holdsPlace, fresh)) {
        this.#destination.onAcquired(endpoint, this.query.now);
        this.#holdsPlace = false;
        return true;
      }
      // Another thread took the endpoint's last connection since: the next choice sees that.
      if (!isOfEndpoint(this.query.limit)) return false;
    }
  }

  /**
   * Sends what is in flight to an endpoint other than that of the try under way, as `beside`, which holds a place in the
   * budget. False where there is none.
   */
  beginBeside(hedge: Hedge, beside: Try, flight: Flight): boolean {
    const { live } = this.cluster;
    this.query.now = this.#context.now();
    this.query.repeats = true;
    this.query.fresh = false;
    const endpoint = live.acquire(this.query);
    if (endpoint === undefined) return false;
    if (endpoint !== this.current.endpoint) return this.#send(hedge, beside, endpoint, flight, true, false);
    live.giveBack(endpoint, this.query);
    return false;
  }

  #send(
    handler: EndpointEvents,
    next: Try,
    endpoint: ProxyEndpoint,
    flight: Flight,
    holdsPlace: boolean,
    fresh: boolean,
  ): boolean {
    const { cluster, route } = this;
    const idle = fresh ? undefined : endpoint.data!.pool.take();
    if (idle === undefined && !cluster.open(endpoint, this.query)) return false;
    this.tries++;
    next.begin(handler, cluster, endpoint, idle, flight, holdsPlace, route.timeouts.perTryMs);
    return true;
  }

  /** A response of this status may be tried again, if there is a place in the budget. */
  isRetriable(status: number): boolean {
    return mayRetryStatus(this, status, this.route.retry);
  }

  /** Something was sent: the endpoint has its time to answer from now on. */
  awaitResponse({ startedAt, upstream }: Try): void {
    const { responseHeaderMs, perTryMs } = this.route.timeouts;
    const at = this.#context.engine.now() + responseHeaderMs;
    upstream!.deadline.set(perTryMs > 0 ? Math.min(at, startedAt + perTryMs) : at);
  }

  /** Something of the response, or of a tunnel, moved. */
  touch(): void {
    this.upstream!.deadline.set(this.#context.engine.now() + this.route.timeouts.idleMs);
  }

  /** This try has used up its own time (rather than the time for a response header). */
  get isOver(): boolean {
    const { perTryMs } = this.route.timeouts;
    return perTryMs > 0 && this.#context.engine.now() >= this.current.startedAt + perTryMs;
  }

  /**
   * After a failed try: after how many milliseconds to make another, with a place in the budget; FOR_PLACE = without one yet;
   * NEVER = not at all.
   */
  repeatAfter(code: Code): number {
    const { retry } = this.route;
    if (!mayRetry(this, code, retry)) return NEVER;
    const isRace = code === "UPSTREAM_RESET" && this.pooledConnection && this.tries === 1;
    // Nothing reached an endpoint: another may take it at once, the first time.
    const isFree = isRace || (TRAITS[code].retry === "safe" && this.tries === 1);
    const waitMs = isFree ? 0 : backoffMs(this.tries, retry.backoff, this.#context.random);
    if (!this.isInTime(waitMs)) return NEVER;
    // The budget bounds the load that repeated work adds. Where nothing reached an endpoint none is added; and losing the
    // race against one that closes its idle connections is rare.
    if (TRAITS[code].retry === "safe") {
      this.#context.metrics[this.cluster.metrics + C.RETRIES]++;
      return waitMs;
    }
    if (isRace || this.#takePlace()) return waitMs;
    const { retries } = this.cluster;
    // Unlike a timeout it is no sign of overload, and has not used up the client's time.
    if (code === "UPSTREAM_RESET" && retries.admits(this.query) && retries.hasRoom) return FOR_PLACE;
    this.deny();
    return NEVER;
  }

  /** The same for a response whose status may count as failure; NEVER = it is forwarded. */
  repeatAfterStatus(head: ResponseHead): number {
    const { status } = head;
    if (status < 400) return NEVER;
    const { retry } = this.route;
    const askedMs = status === 429 || status === 503 ? this.#askedFor(head) : 0;
    if (!this.isRetriable(status)) return NEVER;
    const isBinding = status === 429 || this.query.tries >= this.cluster.live.endpoints.length;
    const backoff = backoffMs(this.tries, retry.backoff, this.#context.random);
    const waitMs = pauseBeforeRetry(backoff, askedMs, isBinding, retry.maxRetryAfterMs);
    if (waitMs < 0 || !this.isInTime(waitMs)) return NEVER;
    if (this.#takePlace()) return waitMs;
    this.deny();
    return NEVER;
  }

  /** Another try that begins after `waitMs` has the least time that the route asks for. */
  isInTime(waitMs: number): boolean {
    return isInTime(this.#context.engine.now(), waitMs, this.route.retry.minTimeMs, this.deadline);
  }

  /** The pause that an answer asks for, of which the cluster too is told; 0 = none. */
  #askedFor(head: ResponseHead): number {
    const { bytes } = this.#context.engine.memory;
    if (!findHeader(bytes, head, RETRY_AFTER, range)) return 0;
    const askedMs = parseRetryAfter(bytes, range.start, range.end, this.#context.wallClock());
    if (askedMs > 0) this.cluster.live.avoid(this.current.endpoint!, askedMs, this.#context.now());
    return askedMs;
  }

  /** Ends the try under way, if there is one. */
  settle(outcome: OutcomeId, result: Code | "ok", status: number, fate: FateId): void {
    this.current.settle(outcome, result, status, fate);
  }

  /** No further try follows: a place that was taken for one goes back. */
  end(): void {
    if (!this.#holdsPlace) return;
    this.#holdsPlace = false;
    this.cluster.live.endRetry(undefined);
  }

  /** No other try is made, for want of a place. */
  deny(): void {
    const { cluster, query } = this;
    const { metrics } = this.#context;
    metrics[cluster.metrics + C.RETRIES_DENIED]++;
    metrics[cluster.metrics + C.LIMITED_ENDPOINTS + query.limit]++;
  }

  /** Takes a place in the budget for the next try, which is first of those that wait; false with `query.limit` set. */
  takePlace(): boolean {
    return this.#hold(this.cluster.live.beginRetry(this.query));
  }

  /** The same for one that does not wait. */
  #takePlace(): boolean {
    return this.#hold(this.cluster.retries.take(this.query, this.route.priority));
  }

  #hold(holdsPlace: boolean): boolean {
    this.#holdsPlace = holdsPlace;
    if (holdsPlace) this.#context.metrics[this.cluster.metrics + C.RETRIES]++;
    return holdsPlace;
  }
}

/** RFC 9110 9.2.2. */
function isIdempotent(method: MethodId): boolean {
  return method !== Method.POST && method !== Method.PATCH && method !== Method.EXTENSION && method !== Method.CONNECT;
}
