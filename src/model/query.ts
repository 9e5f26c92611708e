/**
 * One request's question to a cluster: what the choice may depend on, and what was tried before. Owned by an exchange or
 * a connection and reused: asking allocates nothing.
 */
import type { Code } from "../base/errors.js";

/** Which limit made a cluster refuse. The order is that of their figures (observe/layout.ts). */
export const Limit = {
  /** Of requests (TCP: connections) at each endpoint. */
  ENDPOINTS: 0,
  REQUESTS: 1,
  CONNECTIONS: 2,
  PENDING: 3,
  ADAPTIVE: 4,
  /** Of each endpoint, as ENDPOINTS. */
  ENDPOINT_CONNECTIONS: 5,
  ENDPOINT_PENDING: 6,
  ENDPOINT_RETRIES: 7,
  /** These two forbid a retry. */
  RETRIES: 8,
  RETRY_BUDGET: 9,
} as const;
export type LimitId = (typeof Limit)[keyof typeof Limit];

/** It bounds what a single endpoint has: another one may still have room. */
export function isOfEndpoint(limit: LimitId): boolean {
  return limit === Limit.ENDPOINTS || (limit >= Limit.ENDPOINT_CONNECTIONS && limit <= Limit.ENDPOINT_RETRIES);
}

/** More tries than this are remembered only as the latest ones. */
const REMEMBERED = 8;

export class Query {
  /** Of what the cluster's policy hashes (base/hash.ts), an unsigned integer; only read by policies that hash. */
  hash = 0;
  /** Milliseconds of the process's clock, the same in all threads. Set before each `acquire`. */
  now = 0;
  /** Position in the cluster's list of the endpoint that persistence asks for; -1 = none. */
  preferred = -1;
  /** It is for a retry or a hedge that holds a place in the retry budget. Set before each `acquire`. */
  repeats = false;
  /** It cannot use a connection that was idle. Set before each `acquire`. */
  fresh = false;
  /** The endpoint that is being acquired may have so many at once, this one included; 0 = what its own limit allows. */
  atMost = 0;
  /** Why the last `acquire` returned undefined: NO_ENDPOINT or OVERLOADED. */
  refusal: Code = "NO_ENDPOINT";
  /** Where that is OVERLOADED: what was at its limit. */
  limit: LimitId = Limit.ENDPOINTS;
  /** Endpoints acquired since `reset`. */
  tries = 0;
  /** @internal slots */
  readonly tried: Int32Array = new Int32Array(REMEMBERED);

  /** Begins a new request. */
  reset(hash: number): void {
    this.hash = hash;
    this.preferred = -1;
    this.repeats = false;
    this.fresh = false;
    this.tries = 0;
  }

  /** Called by `Cluster.acquire`: the next acquire prefers any other endpoint. */
  addTried(slot: number): void {
    this.tried[this.tries++ % REMEMBERED] = slot;
  }

  /** The endpoint that was acquired last is given back unused. */
  dropTried(): void {
    this.tries--;
  }

  hasTried(slot: number): boolean {
    const count = Math.min(this.tries, REMEMBERED);
    for (let i = 0; i < count; i++) if (this.tried[i] === slot) return true;
    return false;
  }
}
