/**
 * When the tries of an exchange begin: at once, after a back-off, when the cluster has room, or when the retry budget has a place. While an
 * exchange waits nothing of it is at an endpoint, its client is not read, and every way out leads through `cancel`.
 */
import type { Code } from "../../base/errors.js";
import { Timer } from "../../base/timer-wheel.js";
import { createQueuePlace, describeRefusal, type QueueOwner } from "../cluster-queue.js";
import type { ProxyContext } from "../context.js";
import type { Account } from "./account.js";
import type { Exchange } from "./exchange.js";
import type { Flight } from "./flight.js";
import { RetryWait } from "./retry-wait.js";
import { FOR_PLACE, NEVER, type Tries } from "./tries.js";

export class Launch implements QueueOwner {
  readonly #context: ProxyContext;
  readonly #exchange: Exchange;
  readonly #tries: Tries;
  readonly #flight: Flight;
  readonly #account: Account;
  readonly #place = createQueuePlace(this);
  readonly #timer: Timer;
  readonly #retryWait: RetryWait;

  constructor(context: ProxyContext, exchange: Exchange, tries: Tries, flight: Flight, account: Account) {
    this.#context = context;
    this.#exchange = exchange;
    this.#tries = tries;
    this.#flight = flight;
    this.#account = account;
    this.#timer = new Timer(() => this.begin(false));
    this.#retryWait = new RetryWait(context, exchange, this, tries);
  }

  /** Begins the next try, or waits for room; where neither is possible the exchange answers. */
  begin(fresh: boolean): void {
    const tries = this.#tries;
    const { queue } = tries.cluster;
    if (!queue.isBehind(tries.route.priority)) {
      if (tries.begin(this.#exchange, this.#flight, fresh)) {
        this.#exchange.onTryBegun();
        return;
      }
      if (!queue.admits(tries.query)) {
        this.#refuse();
        return;
      }
    }
    const code = queue.join(this.#place, tries.route.priority);
    if (code !== undefined) this.onWaitedInVain(code);
  }

  /** The same after a back-off. */
  beginAfter(waitMs: number): void {
    const { engine } = this.#context;
    if (waitMs > 0) engine.timers.set(this.#timer, engine.now() + waitMs);
    else this.begin(false);
  }

  /**
   * After a failed try: another one begins, now or later. False where there is none.
   * @param isRace it was lost by an endpoint that closes idle connections: the next needs a new one
   */
  repeat(code: Code, reason: string, isRace: boolean): boolean {
    const waitMs = this.#tries.repeatAfter(code);
    if (waitMs === NEVER) return false;
    if (waitMs === FOR_PLACE) this.#retryWait.begin(code, reason);
    else if (isRace && waitMs === 0) this.begin(true);
    else this.beginAfter(waitMs);
    return true;
  }

  onRoom(): boolean {
    const tries = this.#tries;
    const begins = tries.begin(this.#exchange, this.#flight, false);
    if (!begins && tries.cluster.queue.admits(tries.query)) return false;
    this.cancel();
    if (begins) this.#exchange.onTryBegun();
    else this.#refuse();
    return true;
  }

  onWaitedInVain(code: Code): void {
    this.#exchange.giveUp(code, describeRefusal(this.#tries.query));
  }

  /** It waits no longer. */
  cancel(): void {
    if (this.#timer.pending) this.#context.engine.timers.cancel(this.#timer);
    this.#retryWait.cancel();
    if (!this.#place.waits) return;
    this.#account.queueMs = Math.max(0, this.#account.queueMs) + this.#tries.cluster.queue.leave(this.#place);
  }

  #refuse(): void {
    const { cluster, query } = this.#tries;
    cluster.countRefusal(this.#context.metrics, query);
    this.#exchange.giveUp(query.refusal, describeRefusal(query));
  }
}
