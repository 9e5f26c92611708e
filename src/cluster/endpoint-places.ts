/**
 * What one endpoint has at once, over all threads: tries, connections, those that are being made, and retries. Its limits are
 * its own `maxConnections` and the cluster's `limits.perEndpoint`. Choosing passes over endpoints that are full (model/node.ts);
 * here the last place goes to one thread only.
 */
import { EndpointCell } from "../model/cells.js";
import { Limit, type LimitId } from "../model/query.js";
import type { LiveEndpoint } from "./live-endpoint.js";
import { returnPlace, takePlace } from "./places.js";
import { HeldEndpointCell as Held, heldAt } from "./shared.js";

type Endpoint = LiveEndpoint<unknown>;

export class EndpointPlaces {
  readonly #cells: Int32Array;
  readonly #held: Int32Array;

  constructor(cells: Int32Array, held: Int32Array) {
    this.#cells = cells;
    this.#held = held;
  }

  /** @param atMost what the choice allows it to have (0 = anything), beside its own limit */
  enter(endpoint: Endpoint, atMost: number): boolean {
    const { maxActive } = endpoint;
    const limit = atMost === 0 || (maxActive !== 0 && maxActive < atMost) ? maxActive : atMost;
    return this.#take(endpoint, EndpointCell.ACTIVE, Held.ACTIVE, limit);
  }

  leave(endpoint: Endpoint): void {
    this.#return(endpoint, EndpointCell.ACTIVE, Held.ACTIVE);
  }

  beginRetry(endpoint: Endpoint): boolean {
    return this.#take(endpoint, EndpointCell.RETRIES, Held.RETRIES, endpoint.limits?.retries ?? 0);
  }

  endRetry(endpoint: Endpoint): void {
    this.#return(endpoint, EndpointCell.RETRIES, Held.RETRIES);
  }

  /** For a connection that is being made; else the limit that forbids it. */
  connect(endpoint: Endpoint): LimitId | undefined {
    const { limits } = endpoint;
    if (!this.#take(endpoint, EndpointCell.CONNECTIONS, Held.CONNECTIONS, limits?.connections ?? 0))
      return Limit.ENDPOINT_CONNECTIONS;
    if (this.#take(endpoint, EndpointCell.PENDING, Held.PENDING, limits?.pending ?? 0)) return undefined;
    this.disconnect(endpoint);
    return Limit.ENDPOINT_PENDING;
  }

  /** The connection is no longer being made. */
  connected(endpoint: Endpoint): void {
    this.#return(endpoint, EndpointCell.PENDING, Held.PENDING);
  }

  disconnect(endpoint: Endpoint): void {
    this.#return(endpoint, EndpointCell.CONNECTIONS, Held.CONNECTIONS);
  }

  #take(endpoint: Endpoint, cell: number, held: number, limit: number): boolean {
    return takePlace(this.#cells, endpoint.at + cell, this.#held, heldAt(endpoint.slot) + held, limit);
  }

  #return(endpoint: Endpoint, cell: number, held: number): void {
    returnPlace(this.#cells, endpoint.at + cell, this.#held, heldAt(endpoint.slot) + held);
  }
}
