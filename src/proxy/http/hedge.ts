/**
 * A second try of a request whose first is slow (Dean & Barroso, "The Tail at Scale", CACM 2013): it goes to another endpoint,
 * whoever answers first is forwarded, and the other is given up. Bounded by the retry budget, since it is more load at a time
 * when there may be too much. While it is behind, its connection reports here; once it is ahead, to the exchange.
 */
import type { Code } from "../../base/errors.js";
import { Timer } from "../../base/timer-wheel.js";
import { Outcome, type OutcomeId, outcomeOfFault, outcomeOfStatus } from "../../model/outcome.js";
import { C } from "../../observe/layout.js";
import type { MethodId, ResponseHead } from "../../wire/http1/head.js";
import type { ProxyContext } from "../context.js";
import type { Account } from "./account.js";
import type { ClientSide } from "./client-side.js";
import type { EndpointEvents } from "./events.js";
import type { Exchange } from "./exchange.js";
import type { Flight } from "./flight.js";
import type { HttpWorker } from "./http-worker.js";
import type { Tries } from "./tries.js";
import { Try } from "./try.js";
import type { UpgradeRequest } from "./upgrade.js";
import { Fate, Phase } from "./upstream.js";

export class Hedge implements EndpointEvents {
  readonly #context: ProxyContext;
  readonly #exchange: Exchange;
  readonly #client: ClientSide;
  readonly #tries: Tries;
  readonly #flight: Flight;
  readonly #upgrade: UpgradeRequest;
  readonly #timer: Timer;
  /** The try that is behind, or an idle one. */
  #spare: Try;
  /** Hedges of the request so far. */
  #count = 0;

  constructor(
    worker: HttpWorker,
    exchange: Exchange,
    client: ClientSide,
    tries: Tries,
    flight: Flight,
    upgrade: UpgradeRequest,
    account: Account,
  ) {
    this.#context = worker.context;
    this.#exchange = exchange;
    this.#client = client;
    this.#tries = tries;
    this.#flight = flight;
    this.#upgrade = upgrade;
    this.#spare = new Try(worker, account);
    this.#timer = new Timer(() => this.#begin());
  }

  get method(): MethodId {
    return this.#exchange.method;
  }

  /** A second try is under way. */
  get runs(): boolean {
    return this.#spare.upstream !== undefined;
  }

  /** The first try has begun: a second follows unless it answers in time. */
  arm(): void {
    const { route, cluster, idempotent, tries } = this.#tries;
    const { hedge } = route;
    if (tries === 1) this.#count = 0;
    if (hedge === undefined || this.#count >= hedge.max || !idempotent || this.#upgrade.isAsked) return;
    const now = this.#context.engine.now();
    const { afterPercent, afterMs } = hedge;
    const waitMs = afterPercent > 0 ? (cluster.latency?.quantile(afterPercent / 100, now) ?? -1) : afterMs;
    if (waitMs >= 0) this.#context.engine.timers.set(this.#timer, now + waitMs);
  }

  /** The first try has ended: the second, if there is one, is now the only one. */
  takeOver(): boolean {
    const next = this.#spare;
    if (next.upstream === undefined) return false;
    this.#spare = this.#tries.current;
    this.#tries.current = next;
    next.upstream.exchange = this.#exchange;
    return true;
  }

  /** The first try was answered, or the exchange is over: no second one follows, and one that is under way is given up. */
  cancel(): void {
    if (this.#timer.pending) this.#context.engine.timers.cancel(this.#timer);
    this.#spare.settle(Outcome.ABORTED, "HEDGE_LOST", 0, Fate.CLOSE);
  }

  onUpstreamOpen(): void {
    this.#spare.connected();
    this.#tries.awaitResponse(this.#spare);
  }

  onConnectFailed(code: Code): void {
    this.#spare.connectFailed();
    this.#failed(code, Outcome.CONNECT_FAILED);
  }

  onUpstreamDrain(): void {}

  onUpstreamEnd(): void {
    this.#failed("UPSTREAM_RESET", this.#spare.pooledConnection ? Outcome.ABORTED : Outcome.RESET);
  }

  onUpstreamClosed(): void {
    this.onUpstreamEnd();
  }

  onUpstreamFault(code: Code): void {
    this.#failed(code, outcomeOfFault(code));
  }

  onUpstreamDeadline(): void {
    if (this.#spare.upstream!.phase === Phase.CONNECTING) this.onConnectFailed("CONNECT_TIMEOUT");
    else this.#failed("RESPONSE_TIMEOUT", Outcome.TIMEOUT);
  }

  onResponseHead(head: ResponseHead, buffer: number, start: number, end: number): number {
    const { status } = head;
    const spare = this.#spare;
    if (status < 200) {
      spare.bytesReceived += head.end - head.start;
      if (status === 101) this.onUpstreamFault("RESPONSE_INVALID");
      return start;
    }
    const tries = this.#tries;
    if (tries.isRetriable(status)) {
      // The first may still do better.
      spare.bytesReceived += end - head.start;
      spare.answered(status);
      spare.settle(outcomeOfStatus(status), "ok", status, Fate.CLOSE);
      return end;
    }
    const { cluster } = tries;
    this.#context.metrics[cluster.metrics + C.HEDGES_WON]++;
    this.takeOver();
    // What is slow must not vanish from the figures that say when to hedge.
    const now = this.#context.engine.now();
    cluster.latency?.record(now - this.#spare.startedAt, now);
    return this.#exchange.onResponseHead(head, buffer, start, end);
  }

  onResponseBody(): void {}

  #begin(): void {
    const tries = this.#tries;
    const { cluster } = tries;
    if (tries.upstream === undefined || tries.responseForwarded || this.runs) return;
    // Only what is wholly at hand can be sent twice; and nobody overtakes who waits for room.
    if (!tries.bodyKept || !this.#client.body.done || cluster.queue.isBehind(tries.route.priority)) return;
    const { metrics } = this.#context;
    const { live } = cluster;
    if (!cluster.retries.take(tries.query, tries.route.priority)) {
      metrics[cluster.metrics + C.HEDGES_DENIED]++;
      return;
    }
    if (!tries.beginBeside(this, this.#spare, this.#flight)) {
      live.endRetry(undefined);
      return;
    }
    this.#count++;
    metrics[cluster.metrics + C.HEDGES]++;
    if (this.#spare.pooledConnection) tries.awaitResponse(this.#spare);
  }

  #failed(code: Code, outcome: OutcomeId): void {
    this.#spare.settle(outcome, code, 0, Fate.CLOSE);
    this.arm();
  }
}
