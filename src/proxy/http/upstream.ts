/**
 * One connection to an endpoint. It reads response heads and hands everything to the exchange it works for; between
 * exchanges it waits in its endpoint's pool.
 *
 * connecting -> head -> body (or a tunnel's bytes) -> idle -> head ...; body -> ending (what is queued still goes out);
 * any -> closed
 */
import type { Code } from "../../base/errors.js";
import { Close, type CloseReason, type Conn, type ConnHandler } from "../../engine/engine.js";
import { E, W } from "../../observe/layout.js";
import type { ResponseHead } from "../../wire/http1/head.js";
import { PARSE_ERRORS } from "../../wire/http1/parse-errors.js";
import { parseResponseHead } from "../../wire/http1/response-parser.js";
import type { ProxyContext } from "../context.js";
import { Deadline } from "../deadline.js";
import type { ProxyCluster, ProxyEndpoint } from "../proxy-cluster.js";
import type { EndpointEvents } from "./events.js";
import type { HttpWorker } from "./http-worker.js";
import { PartialHead } from "./partial-head.js";
import { UPSTREAM_LIMITS } from "./upstream-limits.js";

export const Phase = { CONNECTING: 0, HEAD: 1, BODY: 2, IDLE: 3, ENDING: 4, CLOSED: 5 } as const;

/** What becomes of the connection when its exchange lets go of it. */
export const Fate = {
  CLOSE: 0,
  /** Back to the pool: request and response were complete. */
  POOL: 1,
  /** A tunnel's client has ended in order: what is queued still goes out. */
  FINISH: 2,
  /** A tunnel's client broke off, and the endpoint shall see that. */
  RESET: 3,
} as const;
export type FateId = (typeof Fate)[keyof typeof Fate];

/** How long an endpoint may take for the last bytes of a tunnel. */
const ENDING_MS = 30_000;

export class Upstream implements ConnHandler {
  readonly cluster: ProxyCluster;
  readonly endpoint: ProxyEndpoint;
  readonly conn: Conn;
  readonly deadline: Deadline;
  phase: number = Phase.CONNECTING;
  exchange: EndpointEvents | undefined = undefined;
  /** Exchanges begun on this connection. */
  served = 0;
  /** @internal Position in its pool, -1 = not idle. */
  poolIndex = -1;
  readonly #context: ProxyContext;
  readonly #head: ResponseHead;
  readonly #partial = new PartialHead();

  /** Connects; `cluster.open` has counted it. */
  constructor(context: ProxyContext, worker: HttpWorker, cluster: ProxyCluster, endpoint: ProxyEndpoint) {
    this.#context = context;
    this.#head = worker.responseHead;
    this.cluster = cluster;
    this.endpoint = endpoint;
    this.deadline = new Deadline(context.engine, () => this.#expire());
    this.conn = context.engine.connect(endpoint.address, this, cluster.spec.connectTimeoutMs);
    context.metrics[endpoint.data!.metrics + E.OPEN]++;
  }

  onOpen(): void {
    this.phase = Phase.HEAD;
    this.cluster.live.opened(this.endpoint);
    this.#context.metrics[W.CONNECTED]++;
    this.exchange!.onUpstreamOpen();
  }

  onData(buffer: number, start: number, end: number): void {
    switch (this.phase) {
      case Phase.HEAD:
        this.#readHeads(buffer, start, end);
        break;
      case Phase.BODY:
        this.exchange!.onResponseBody(buffer, start, end);
        break;
      case Phase.IDLE:
        // Nobody asked: whatever this is, it must never become somebody's response.
        this.close();
        break;
    }
  }

  onDrain(): void {
    this.exchange?.onUpstreamDrain();
  }

  onEnd(): void {
    if (this.phase === Phase.IDLE) this.close();
    else this.exchange?.onUpstreamEnd();
  }

  onClose(reason: CloseReason): void {
    const { exchange, phase } = this;
    this.#forget();
    if (exchange === undefined) return;
    if (phase !== Phase.CONNECTING) exchange.onUpstreamClosed(reason);
    else exchange.onConnectFailed(CONNECT_CODES[reason] ?? "CONNECT_FAILED");
  }

  /** Takes it for `exchange`: from now on it expects a response head. */
  attach(exchange: EndpointEvents): void {
    this.exchange = exchange;
    this.served++;
    if (this.phase === Phase.IDLE) this.phase = Phase.HEAD;
  }

  /** The exchange is done with it. */
  leave(fate: FateId): void {
    if (this.phase === Phase.CLOSED) return;
    this.exchange = undefined;
    if (fate === Fate.POOL) this.#release();
    else if (fate === Fate.FINISH && this.conn.unsent > 0) {
      this.phase = Phase.ENDING;
      this.conn.end();
      this.conn.resume();
      this.deadline.set(this.#context.engine.now() + ENDING_MS);
    } else if (fate === Fate.RESET) {
      this.conn.reset();
      this.#forget();
    } else this.close();
  }

  #release(): void {
    this.phase = Phase.IDLE;
    // The response may have ended while the client was congested.
    this.conn.resume();
    if (!this.cluster.current || !this.endpoint.data!.pool.put(this)) this.close();
    else this.deadline.set(this.#context.engine.now() + this.cluster.spec.pool.idleTimeoutMs);
  }

  /** Ends the connection; no callback follows. */
  close(): void {
    this.conn.destroy();
    this.#forget();
  }

  #forget(): void {
    if (this.phase === Phase.CLOSED) return;
    if (this.poolIndex >= 0) this.endpoint.data!.pool.remove(this);
    if (this.phase === Phase.CONNECTING) this.cluster.live.opened(this.endpoint);
    this.phase = Phase.CLOSED;
    this.exchange = undefined;
    this.deadline.dispose();
    this.#partial.drop(this.#context.engine.memory);
    this.cluster.live.closed(this.endpoint);
    this.#context.metrics[this.endpoint.data!.metrics + E.OPEN]--;
  }

  #expire(): void {
    if (this.exchange === undefined) this.close();
    else this.exchange.onUpstreamDeadline();
  }

  #readHeads(buffer: number, start: number, end: number): void {
    const { memory } = this.#context.engine;
    const partial = this.#partial;
    const exchange = this.exchange!;
    const head = this.#head;
    let at = start;
    // More than once only after interim responses.
    while (at < end && this.phase === Phase.HEAD) {
      const before = partial.buffer < 0 ? 0 : partial.end - partial.start;
      if (before > 0 && partial.append(memory, at, end) === 0) {
        this.#fault("RESPONSE_TOO_LARGE", "the header does not fit into a buffer");
        return;
      }
      const from = before > 0 ? partial.start : at;
      const until = before > 0 ? partial.end : end;
      const length = parseResponseHead(memory.bytes, from, until, UPSTREAM_LIMITS, exchange.method, head);
      if (length < 0) {
        this.#fault(PARSE_ERRORS[-1 - length], head.reason);
        return;
      }
      if (length === 0) {
        if (before === 0 && partial.append(memory, at, end) === 0) this.#fault("OVERLOADED", "no buffer is free");
        return;
      }
      // Of joined bytes only the head is used; what follows it is read where it arrived.
      const joined = before > 0 ? partial.detach() : -1;
      at = exchange.onResponseHead(head, buffer, at + length - before, end);
      if (joined >= 0) memory.release(joined);
    }
  }

  #fault(code: Code, reason: string): void {
    this.exchange!.onUpstreamFault(code, reason);
  }
}

const CONNECT_CODES: Readonly<Record<number, Code>> = {
  [Close.REFUSED]: "CONNECT_REFUSED",
  [Close.TIMEOUT]: "CONNECT_TIMEOUT",
};
