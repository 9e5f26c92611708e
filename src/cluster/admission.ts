/**
 * What a cluster may have in flight as a whole, whichever endpoint has it: its circuit breakers and its retry budget. All
 * counts are cells that every worker counts in, by compare-and-swap, so that no limit is ever exceeded; what a worker
 * holds is noted beside them, so that a dead worker's share can be taken back.
 */
import type { Random } from "../base/random.js";
import { ClusterCell } from "../model/cells.js";
import { Limit, type LimitId, type Query } from "../model/query.js";
import type { ClusterSpec } from "../model/spec.js";
import { activeNeeded } from "../resilience/retry-budget.js";
import { AdaptiveLimit } from "./adaptive-limit.js";
import { returnPlace, takePlace } from "./places.js";
import { clusterAt, HeldCell, heldClusterAt } from "./shared.js";

export class Admission {
  /** In force now: a reload replaces it. */
  spec: ClusterSpec;
  readonly #cells: Int32Array;
  readonly #held: Int32Array;
  readonly #at: number;
  readonly #heldAt: number;
  readonly #adaptive: AdaptiveLimit;

  constructor(cells: Int32Array, held: Int32Array, slot: number, spec: ClusterSpec, random: Random) {
    this.spec = spec;
    this.#cells = cells;
    this.#held = held;
    this.#at = clusterAt(slot);
    this.#heldAt = heldClusterAt(slot);
    this.#adaptive = new AdaptiveLimit(cells, this.#at, random);
  }

  /** It has as many requests in flight as it may. */
  get isFull(): boolean {
    const limit = this.#most();
    return limit !== 0 && this.#cells[this.#at + ClusterCell.ACTIVE] >= limit;
  }

  /** Which limit it is by which `isFull`. */
  get fullBy(): LimitId {
    const { adaptive, limits } = this.spec;
    return adaptive !== undefined && this.#most() !== limits.requests ? Limit.ADAPTIVE : Limit.REQUESTS;
  }

  /** An answer of this status came: what an adaptive limit learns from. Fast errors would teach it the wrong thing. */
  answered(status: number, latencyMs: number, now: number): void {
    const { adaptive } = this.spec;
    if (adaptive !== undefined && status < 500 && status !== 429 && status >= 200) {
      this.#adaptive.record(adaptive, latencyMs, now);
    }
  }

  /** No answer came in time. */
  timedOut(now: number): void {
    if (this.spec.adaptive !== undefined) this.#adaptive.recordTimeout(this.spec.adaptive, now);
  }

  /** Takes a place for a request; false where there is none. */
  enter(): boolean {
    return this.#take(ClusterCell.ACTIVE, HeldCell.ACTIVE, this.#most());
  }

  leave(): void {
    this.#return(ClusterCell.ACTIVE, HeldCell.ACTIVE);
  }

  /** Takes a place for a connection that is being made; false with `query.limit` set where there is none. */
  connect(query: Query): boolean {
    const { connections, pending } = this.spec.limits;
    if (!this.#take(ClusterCell.CONNECTIONS, HeldCell.CONNECTIONS, connections)) {
      query.limit = Limit.CONNECTIONS;
      return false;
    }
    if (this.#take(ClusterCell.PENDING, HeldCell.PENDING, pending)) return true;
    this.disconnect();
    query.limit = Limit.PENDING;
    return false;
  }

  /** A connection is no longer being made: it was, or it failed. */
  connected(): void {
    this.#return(ClusterCell.PENDING, HeldCell.PENDING);
  }

  disconnect(): void {
    this.#return(ClusterCell.CONNECTIONS, HeldCell.CONNECTIONS);
  }

  /** Takes a place in the queue; false where it is full. */
  enqueue(max: number): boolean {
    return this.#take(ClusterCell.QUEUED, HeldCell.QUEUED, max);
  }

  dequeue(): void {
    this.#return(ClusterCell.QUEUED, HeldCell.QUEUED);
  }

  /**
   * Takes a place in the retry budget: true = retry, and call `endRetry` when that try is settled. False with `query.limit` set:
   * RETRIES where the budget would allow it.
   */
  beginRetry(query: Query): boolean {
    const { limits, retryBudget } = this.spec;
    const at = this.#at + ClusterCell.RETRIES;
    let retries = Atomics.load(this.#cells, at);
    while (this.#cells[this.#at + ClusterCell.ACTIVE] >= activeNeeded(retries, retryBudget)) {
      if (limits.retries !== 0 && retries >= limits.retries) {
        query.limit = Limit.RETRIES;
        return false;
      }
      const seen = Atomics.compareExchange(this.#cells, at, retries, retries + 1);
      if (seen === retries) {
        this.#held[this.#heldAt + HeldCell.RETRIES]++;
        return true;
      }
      retries = seen;
    }
    query.limit = Limit.RETRY_BUDGET;
    return false;
  }

  /** The budget would allow a retry if there were none in flight. */
  get allowsRetry(): boolean {
    return this.#cells[this.#at + ClusterCell.ACTIVE] >= activeNeeded(0, this.spec.retryBudget);
  }

  endRetry(): void {
    this.#return(ClusterCell.RETRIES, HeldCell.RETRIES);
  }

  /** Most requests in flight; 0 = unlimited. */
  #most(): number {
    const { adaptive, limits } = this.spec;
    if (adaptive === undefined) return limits.requests;
    const limit = this.#adaptive.limit(adaptive);
    return limits.requests === 0 ? limit : Math.min(limit, limits.requests);
  }

  #take(cell: number, held: number, limit: number): boolean {
    return takePlace(this.#cells, this.#at + cell, this.#held, this.#heldAt + held, limit);
  }

  #return(cell: number, held: number): void {
    returnPlace(this.#cells, this.#at + cell, this.#held, this.#heldAt + held);
  }
}
