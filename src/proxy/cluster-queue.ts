/**
 * One worker's queue in front of a cluster. Who waits is asked to try again when this worker has given a place back, and
 * at every tick of the timer wheel, because another worker may have. How many wait is counted over all workers.
 */
import type { Code } from "../base/errors.js";
import { histogramRecord } from "../base/histogram.js";
import { Timer } from "../base/timer-wheel.js";
import { Limit, type LimitId, type Query } from "../model/query.js";
import { C } from "../observe/layout.js";
import { Waiter, WaitQueue } from "../resilience/wait-queue.js";
import type { ProxyContext } from "./context.js";
import type { ProxyCluster } from "./proxy-cluster.js";

/** An exchange or a session. */
export interface QueueOwner {
  /** There may be room: false if there is none for it, and it goes on waiting. Else it leaves, whatever comes of it. */
  onRoom(): boolean;
  /** It waits in vain, and leaves. */
  onWaitedInVain(code: Code): void;
}

/** What may wait embeds one. */
export type QueuePlace = Waiter<QueueOwner>;

export function createQueuePlace(owner: QueueOwner): QueuePlace {
  return new Waiter(owner);
}

/** In words, for the log. */
export function describeRefusal(query: Query): string {
  return query.refusal === "OVERLOADED" ? LIMITS[query.limit] : "the cluster has no endpoint to give";
}

const LIMITS: Readonly<Record<LimitId, string>> = {
  [Limit.ENDPOINTS]: "every endpoint has as many requests as it may",
  [Limit.REQUESTS]: "the cluster has as many requests as limits.requests allows",
  [Limit.CONNECTIONS]: "the cluster has as many connections as limits.connections allows",
  [Limit.ADAPTIVE]: "the cluster has as many requests as it can answer without making them wait",
  [Limit.PENDING]: "as many connections are being made as limits.pending allows",
  [Limit.ENDPOINT_CONNECTIONS]: "every endpoint has as many connections as limits.perEndpoint.connections allows",
  [Limit.ENDPOINT_PENDING]: "as many connections are being made to every endpoint as limits.perEndpoint.pending allows",
  [Limit.ENDPOINT_RETRIES]: "every endpoint has as many retries as limits.perEndpoint.retries allows",
  [Limit.RETRIES]: "the cluster has as many retries as limits.retries allows",
  [Limit.RETRY_BUDGET]: "the cluster has as many retries as its retryBudget allows",
};

const enters = (owner: QueueOwner): boolean => owner.onRoom();

export class ClusterQueue {
  readonly #context: ProxyContext;
  readonly #cluster: ProxyCluster;
  readonly #waiting = new WaitQueue<QueueOwner>();
  readonly #timer: Timer;

  constructor(context: ProxyContext, cluster: ProxyCluster) {
    this.#context = context;
    this.#cluster = cluster;
    this.#timer = new Timer(() => this.#tick());
  }

  /** One of this class has to wait behind others, whether there is room or not. */
  isBehind(priority: number): boolean {
    return this.#waiting.isBehind(priority);
  }

  /** Whether who was refused so may wait. */
  admits(query: Query): boolean {
    return query.refusal === "OVERLOADED" && this.#cluster.spec.queue !== undefined;
  }

  /** Begins to wait, if it is admitted; a code where the queue is full. */
  join(place: QueuePlace, priority: number): Code | undefined {
    const { queue } = this.#cluster.spec;
    const { admission } = this.#cluster.live;
    // Others wait since before a reload that took the queue away.
    if (queue === undefined) return "QUEUE_FULL";
    if (!admission.enqueue(queue.max) && !(this.#driveOut(priority) && admission.enqueue(queue.max))) {
      this.#context.metrics[this.#cluster.metrics + C.QUEUE_FULL]++;
      return "QUEUE_FULL";
    }
    const { engine, metrics } = this.#context;
    this.#waiting.add(place, priority, engine.now());
    metrics[this.#cluster.metrics + C.QUEUED]++;
    if (!this.#timer.pending) engine.timers.set(this.#timer, engine.now());
    // Another worker may have given a place back since.
    if (this.#waiting.first !== place) this.wake();
    return undefined;
  }

  /** Ends waiting, for whatever reason. Returns how long it was, milliseconds. */
  leave(place: QueuePlace): number {
    if (!place.waits) return 0;
    const { engine, metrics } = this.#context;
    const waited = engine.now() - place.since;
    this.#waiting.remove(place);
    this.#cluster.live.admission.dequeue();
    metrics[this.#cluster.metrics + C.QUEUED]--;
    histogramRecord(metrics, this.#cluster.metrics + C.QUEUE_TIME, waited);
    return waited;
  }

  /** A place may be free: those who wait try, in their order, until one finds none. */
  wake(): void {
    this.#waiting.serve(enters);
  }

  /** Makes room for a higher class. */
  #driveOut(priority: number): boolean {
    const place = this.#waiting.leastBelow(priority);
    if (place === undefined) return false;
    this.#context.metrics[this.#cluster.metrics + C.QUEUE_FULL]++;
    place.owner.onWaitedInVain("QUEUE_FULL");
    return true;
  }

  #tick(): void {
    const { engine, metrics } = this.#context;
    // Without a queue since the last reload nobody waits any longer.
    const timeoutMs = this.#cluster.spec.queue?.timeoutMs ?? 0;
    this.wake();
    const since = engine.now() - timeoutMs;
    for (let place = this.#waiting.overdue(since); place !== undefined; place = this.#waiting.overdue(since)) {
      metrics[this.#cluster.metrics + C.QUEUE_TIMEOUTS]++;
      place.owner.onWaitedInVain("QUEUE_TIMEOUT");
    }
    if (this.#waiting.size > 0) engine.timers.set(this.#timer, engine.now());
  }
}
