/** A request under way, as the retry rules see it. Reused: a simulation of millions makes as many as are in flight at once. */
import type { LiveEndpoint } from "../cluster/live-endpoint.js";
import { Query } from "../model/query.js";
import type { FailedTry } from "../resilience/retry-policy.js";
import { Waiter } from "../resilience/wait-queue.js";

export class Flight implements FailedTry {
  readonly index: number;
  readonly query = new Query();
  /** Counted from 0 in the order of arrival. */
  request = 0;
  startedAt = 0;
  /** Changes with each request that uses this. */
  life = 0;
  /** Changes when a try begins and when it ends. */
  turn = 0;
  tryAt = 0;
  endpoint: LiveEndpoint<unknown> | undefined = undefined;
  hash = 0;
  /** Milliseconds that a trace recorded. */
  recorded = 0;
  /** When the back-off before the next try is over; -1 = it does not wait for that. */
  retryAt = -1;
  /** Its place in the queue. */
  readonly place = new Waiter<Flight>(this);
  /** The try under way, respectively the next one, has a place in the retry budget. */
  holdsPlace = false;
  willHoldPlace = false;
  // What the retry policy asks about.
  tries = 0;
  idempotent = true;
  bytesSent = 0;
  readonly bodyKept = true;
  readonly responseForwarded = false;
  readonly pooledConnection = false;

  constructor(index: number) {
    this.index = index;
  }

  start(request: number, now: number, hash: number, recorded: number): void {
    this.request = request;
    this.startedAt = now;
    this.life++;
    this.hash = hash;
    this.recorded = recorded;
    this.tries = 0;
    this.holdsPlace = false;
    this.willHoldPlace = false;
    this.retryAt = -1;
    this.query.reset(hash);
  }
}
