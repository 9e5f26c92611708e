/**
 * One worker's queue for the places of a cluster's retry budget. Who waits is asked to try again when an exchange that had a
 * place is over in this worker, and at every tick of the timer wheel, because another worker may have given one back.
 */
import { Timer } from "../base/timer-wheel.js";
import { Limit, type Query } from "../model/query.js";
import { C } from "../observe/layout.js";
import { type Waiter, WaitQueue } from "../resilience/wait-queue.js";
import type { ProxyContext } from "./context.js";
import type { ProxyCluster } from "./proxy-cluster.js";

/** A retry that waits. */
export interface RetryOwner {
  /** There may be a place: false if there is none for it, and it goes on waiting. Else it leaves, whatever comes of it. */
  onPlace(): boolean;
}

const enters = (owner: RetryOwner): boolean => owner.onPlace();

export class RetryQueue {
  readonly #context: ProxyContext;
  readonly #cluster: ProxyCluster;
  readonly #waiting = new WaitQueue<RetryOwner>();
  readonly #timer: Timer;

  constructor(context: ProxyContext, cluster: ProxyCluster) {
    this.#context = context;
    this.#cluster = cluster;
    this.#timer = new Timer(() => this.#tick());
  }

  /** `Cluster.beginRetry` for one of this class that does not wait: nobody overtakes who does. */
  take(query: Query, priority: number): boolean {
    if (!this.#waiting.isBehind(priority)) return this.#cluster.live.beginRetry(query);
    query.limit = Limit.RETRY_BUDGET;
    return false;
  }

  /**
   * Whether who was refused so may wait: until one of the retries under way is over. Limits that were set to bound retries are
   * meant to refuse.
   */
  admits(query: Query): boolean {
    return query.limit === Limit.RETRY_BUDGET && this.#cluster.live.admission.allowsRetry;
  }

  /** There is memory for one more to wait: each keeps its request, and new ones must find buffers too. */
  get hasRoom(): boolean {
    const { memory } = this.#context.engine;
    return memory.available * 2 > memory.count;
  }

  join(waiter: Waiter<RetryOwner>, priority: number): void {
    const { engine, metrics } = this.#context;
    this.#waiting.add(waiter, priority, engine.now());
    metrics[this.#cluster.metrics + C.RETRIES_WAITING]++;
    if (!this.#timer.pending) engine.timers.set(this.#timer, engine.now());
  }

  /** Ends waiting, for whatever reason. @param waiter which waits */
  leave(waiter: Waiter<RetryOwner>): void {
    this.#waiting.remove(waiter);
    this.#context.metrics[this.#cluster.metrics + C.RETRIES_WAITING]--;
  }

  /** A place may be free: those who wait try, in their order, until one finds none. */
  wake(): void {
    this.#waiting.serve(enters);
  }

  #tick(): void {
    const { engine } = this.#context;
    this.wake();
    if (this.#waiting.size > 0) engine.timers.set(this.#timer, engine.now());
  }
}
