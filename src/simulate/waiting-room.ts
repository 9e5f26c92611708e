/** The queue in front of the cluster, where one is configured: the proxy's own lists and limits, with virtual time. */
import type { Code } from "../base/errors.js";
import type { Cluster } from "../cluster/cluster.js";
import type { Query } from "../model/query.js";
import { WaitQueue } from "../resilience/wait-queue.js";
import { Deadlines } from "./deadlines.js";
import type { Flight } from "./flight.js";

export class WaitingRoom {
  /** When who waits has waited too long; `who` is a flight's index, `turn` its turn. */
  readonly deadlines = new Deadlines();
  /** Requests that had to wait. */
  joined = 0;
  readonly #cluster: Cluster;
  readonly #waiting = new WaitQueue<Flight>();
  readonly #priority: number;

  /** @param priority of the route, an index in PRIORITIES */
  constructor(cluster: Cluster, priority: number) {
    this.#cluster = cluster;
    this.#priority = priority;
  }

  /** Who comes now has to wait behind others. */
  get isCrowded(): boolean {
    return this.#waiting.isBehind(this.#priority);
  }

  /** Who is next. */
  get first(): Flight | undefined {
    return this.#waiting.first?.owner;
  }

  /** Whether who was refused so may wait. */
  admits(query: Query): boolean {
    return query.refusal === "OVERLOADED" && this.#cluster.spec.queue !== undefined;
  }

  /** Begins to wait; a code where the queue is full. */
  join(flight: Flight, now: number): Code | undefined {
    const { queue } = this.#cluster.spec;
    if (queue === undefined || !this.#cluster.admission.enqueue(queue.max)) return "QUEUE_FULL";
    this.#waiting.add(flight.place, this.#priority, now);
    this.joined++;
    // Deadlines of former waits are of former turns.
    this.deadlines.add(now + queue.timeoutMs, flight.index, ++flight.turn);
    return undefined;
  }

  /** Ends waiting, if it waits. */
  leave(flight: Flight): void {
    if (!flight.place.waits) return;
    this.#waiting.remove(flight.place);
    this.#cluster.admission.dequeue();
  }
}
