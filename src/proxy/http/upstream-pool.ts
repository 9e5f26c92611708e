/** Idle connections to one endpoint of one worker. Last in, first out: what was used just now is least likely stale. */
import type { LiveEndpoint } from "../../cluster/live-endpoint.js";
import type { Upstream } from "./upstream.js";

export class UpstreamPool {
  readonly #idle: Upstream[] = [];
  /** Who chooses an endpoint wants to know whether a connection is ready. */
  readonly #endpoint: Pick<LiveEndpoint<unknown>, "idle">;
  #maxIdle: number;
  #closed = false;

  constructor(endpoint: Pick<LiveEndpoint<unknown>, "idle">, maxIdle: number) {
    this.#endpoint = endpoint;
    this.#maxIdle = maxIdle;
  }

  take(): Upstream | undefined {
    const upstream = this.#idle.pop();
    if (upstream === undefined) return undefined;
    upstream.poolIndex = -1;
    this.#endpoint.idle--;
    return upstream;
  }

  /** False where there is no room: the caller closes the connection. */
  put(upstream: Upstream): boolean {
    if (this.#closed || this.#idle.length >= this.#maxIdle) return false;
    upstream.poolIndex = this.#idle.length;
    this.#idle.push(upstream);
    this.#endpoint.idle++;
    return true;
  }

  /** Takes out one that ended while idle. */
  remove(upstream: Upstream): void {
    const last = this.#idle.pop();
    if (last !== undefined && last !== upstream) {
      this.#idle[upstream.poolIndex] = last;
      last.poolIndex = upstream.poolIndex;
    }
    upstream.poolIndex = -1;
    this.#endpoint.idle--;
  }

  /** The oldest go first. */
  resize(maxIdle: number): void {
    this.#maxIdle = maxIdle;
    const surplus = this.#idle.splice(0, Math.max(0, this.#idle.length - maxIdle));
    for (const [index, upstream] of this.#idle.entries()) upstream.poolIndex = index;
    this.#endpoint.idle -= surplus.length;
    closeAll(surplus);
  }

  close(): void {
    this.#closed = true;
    this.resize(0);
  }
}

/** They are in no pool any more: closing one must not look for it there. */
function closeAll(upstreams: readonly Upstream[]): void {
  for (const upstream of upstreams) {
    upstream.poolIndex = -1;
    upstream.close();
  }
}
