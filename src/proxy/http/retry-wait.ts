/**
 * A retry that the budget has no place for yet. An endpoint that breaks off takes everything it had with it at once, more than
 * may be tried again at once; so what could be repeated waits until others are through. Bounded in time by what an endpoint
 * may take to answer and by the exchange's own end.
 */
import type { Code } from "../../base/errors.js";
import { Timer } from "../../base/timer-wheel.js";
import { Waiter } from "../../resilience/wait-queue.js";
import type { ProxyContext } from "../context.js";
import type { RetryOwner } from "../retry-queue.js";
import type { Exchange } from "./exchange.js";
import type { Launch } from "./launch.js";
import type { Tries } from "./tries.js";

export class RetryWait implements RetryOwner {
  readonly #context: ProxyContext;
  readonly #exchange: Exchange;
  readonly #launch: Launch;
  readonly #tries: Tries;
  readonly #waiter = new Waiter<RetryOwner>(this);
  readonly #patience: Timer;
  /** How the try failed that is to be repeated: the answer, should nothing come of it. */
  #code: Code = "UPSTREAM_RESET";
  #reason = "";

  constructor(context: ProxyContext, exchange: Exchange, launch: Launch, tries: Tries) {
    this.#context = context;
    this.#exchange = exchange;
    this.#launch = launch;
    this.#tries = tries;
    this.#patience = new Timer(() => this.#giveUp());
  }

  /** Waits, after a try that failed for this reason. */
  begin(code: Code, reason: string): void {
    const { engine } = this.#context;
    const { cluster, deadline, route } = this.#tries;
    this.#code = code;
    this.#reason = reason;
    const longest = engine.now() + route.timeouts.responseHeaderMs;
    engine.timers.set(this.#patience, Math.min(longest, deadline - route.retry.minTimeMs));
    cluster.retries.join(this.#waiter, route.priority);
  }

  onPlace(): boolean {
    const tries = this.#tries;
    const isInTime = tries.isInTime(0);
    if (isInTime && tries.takePlace()) {
      this.cancel();
      // It has waited: no back-off follows, and the budget keeps retries from arriving together.
      this.#launch.begin(false);
      return true;
    }
    if (isInTime && tries.cluster.retries.admits(tries.query)) return false;
    this.#giveUp();
    return true;
  }

  /** It waits no longer. */
  cancel(): void {
    if (!this.#waiter.waits) return;
    this.#context.engine.timers.cancel(this.#patience);
    this.#tries.cluster.retries.leave(this.#waiter);
  }

  #giveUp(): void {
    this.cancel();
    this.#tries.deny();
    this.#exchange.giveUp(this.#code, this.#reason);
  }
}
