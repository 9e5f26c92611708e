/**
 * One connection to an endpoint. It reads response heads and hands everything to the exchange it works for; between
 * exchanges it waits in its endpoint's pool.
 *
 * connecting -> head -> body (or a tunnel's bytes) -> idle -> head ...; any -> closed
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
import type { Exchange } from "./exchange.js";
import type { HttpWorker } from "./http-worker.js";
import { PartialHead } from "./partial-head.js";
import { UPSTREAM_LIMITS } from "./upstream-limits.js";

export const Phase = { CONNECTING: 0, HEAD: 1, BODY: 2, IDLE: 3, CLOSED: 4 } as const;

export class Upstream implements ConnHandler {
  readonly cluster: ProxyCluster;
  readonly endpoint: ProxyEndpoint;
  readonly conn: Conn;
  readonly deadline: Deadline;
  phase: number = Phase.CONNECTING;
  exchange: Exchange | undefined = undefined;
  /** Exchanges begun on this connection. */
  served = 0;
  /** @internal Position in its pool, -1 = not idle. */
  poolIndex = -1;
  readonly #context: ProxyContext;
  readonly #head: ResponseHead;
  readonly #partial = new PartialHead();

  constructor(context: ProxyContext, worker: HttpWorker, cluster: ProxyCluster, endpoint: ProxyEndpoint) {
    this.#context = context;
    this.#head = worker.responseHead;
    this.cluster = cluster;
    this.endpoint = endpoint;
    this.deadline = new Deadline(context.engine, () => this.#expire());
    this.conn = context.engine.connect(endpoint.address, this, cluster.spec.connectTimeoutMs);
    cluster.live.opened(endpoint);
    context.metrics[endpoint.data!.metrics + E.OPEN]++;
  }

  onOpen(): void {
    this.phase = Phase.HEAD;
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
    else this.exchange!.onUpstreamEnd();
  }

  onClose(reason: CloseReason): void {
    const { exchange, phase } = this;
    this.#forget();
    if (exchange === undefined) return;
    if (phase !== Phase.CONNECTING) exchange.onUpstreamLost();
    else exchange.onConnectFailed(CONNECT_CODES[reason] ?? "CONNECT_FAILED");
  }

  /** Takes it for `exchange`: from now on it expects a response head. */
  attach(exchange: Exchange): void {
    this.exchange = exchange;
    this.served++;
    if (this.phase === Phase.IDLE) this.phase = Phase.HEAD;
  }

  /** The exchange is done with it, request and response complete: back to the pool, or closed if there is no room. */
  release(): void {
    this.exchange = undefined;
    this.phase = Phase.IDLE;
    if (!this.cluster.current || !this.endpoint.data!.pool.put(this)) this.close();
    else this.deadline.set(this.#context.engine.now() + this.cluster.spec.pool.idleTimeoutMs);
  }

  /** Ends the connection; no callback follows. */
  close(): void {
    if (this.phase === Phase.CLOSED) return;
    if (this.poolIndex >= 0) this.endpoint.data!.pool.remove(this);
    this.conn.destroy();
    this.#forget();
  }

  #forget(): void {
    if (this.phase === Phase.CLOSED) return;
    if (this.poolIndex >= 0) this.endpoint.data!.pool.remove(this);
    this.phase = Phase.CLOSED;
    this.exchange = undefined;
    this.deadline.dispose();
    this.#partial.drop(this.#context.engine.memory);
    this.cluster.live.closed(this.endpoint);
    this.#context.metrics[this.endpoint.data!.metrics + E.OPEN]--;
  }

  #expire(): void {
    if (this.phase === Phase.IDLE) this.close();
    else this.exchange?.onUpstreamDeadline();
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
      if (before > 0 && partial.append(memory, at, end) === 0) return this.#fault("INTERNAL", "no buffer is free");
      const from = before > 0 ? partial.start : at;
      const until = before > 0 ? partial.end : end;
      const length = parseResponseHead(memory.bytes, from, until, UPSTREAM_LIMITS, exchange.method, head);
      if (length < 0) return this.#fault(PARSE_ERRORS[-1 - length], head.reason);
      if (length === 0) {
        if (before === 0 && partial.append(memory, at, end) === 0) this.#fault("INTERNAL", "no buffer is free");
        return;
      }
      if (before === 0) at += exchange.onResponseHead(head, buffer, end);
      else {
        // Of the joined bytes only the head is used; what follows it is read where it arrived.
        const joined = partial.detach();
        at += length - before;
        exchange.onResponseHead(head, joined, head.end);
        memory.release(joined);
      }
    }
    if (at < end) this.onData(buffer, at, end);
  }

  #fault(code: Code, reason: string): void {
    this.exchange!.onUpstreamFault(code, reason);
  }
}

const CONNECT_CODES: Readonly<Record<number, Code>> = {
  [Close.REFUSED]: "CONNECT_REFUSED",
  [Close.TIMEOUT]: "CONNECT_TIMEOUT",
};
