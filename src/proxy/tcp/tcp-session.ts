/**
 * One TCP connection and its endpoint's: bytes of one go to the other. FIN is carried through as FIN, RST as RST.
 * Until the endpoint's connection is open nothing has been sent, so another endpoint may be tried.
 *
 * connecting -> open (both sides relay) -> closed. `abort` and an error on either side lead to closed from anywhere.
 */
import { type Code, TRAITS } from "../../base/errors.js";
import { histogramRecord } from "../../base/histogram.js";
import { Close, type CloseReason, type Conn, type ConnHandler, type Engine } from "../../engine/engine.js";
import { Outcome, type OutcomeId } from "../../model/outcome.js";
import { isOfEndpoint, Query } from "../../model/query.js";
import { countOutcome } from "../../observe/endpoint-outcome.js";
import { C, CODE_NUMBER, E, L, W } from "../../observe/layout.js";
import { createQueuePlace, type QueueOwner } from "../cluster-queue.js";
import { Deadline } from "../deadline.js";
import type { ProxyCluster, ProxyEndpoint } from "../proxy-cluster.js";
import { describePeer, type TcpListener } from "./tcp-listener.js";

/** The figures follow a transfer at this many bytes, not only when it ends. */
const COUNT_BYTES = 1 << 20;

/** One side of a session: what it receives goes to its peer. */
class TcpSide implements ConnHandler {
  readonly session: TcpSession;
  conn: Conn | undefined;
  peer: TcpSide | undefined = undefined;
  /** Received, and of those already in the figures. */
  bytes = 0;
  counted = 0;
  /** When something last moved, in whole milliseconds: small integers lie in the object, other numbers beside it. */
  movedAt = 0;
  readonly #engine: Engine;

  constructor(session: TcpSession, conn: Conn | undefined) {
    this.session = session;
    this.conn = conn;
    this.#engine = session.listener.context.engine;
  }

  touch(): void {
    this.movedAt = Math.ceil(this.#engine.now());
  }

  onOpen(): void {
    this.session.onUpstreamOpen();
  }

  onData(buffer: number, start: number, end: number): void {
    this.bytes += end - start;
    const to = this.peer!.conn!;
    to.send(buffer, start, end);
    if (to.congested) this.conn!.pause();
    if (this.bytes - this.counted >= COUNT_BYTES) this.session.count();
    this.touch();
  }

  onDrain(): void {
    this.peer!.conn!.resume();
    this.touch();
  }

  onEnd(): void {
    this.session.onSideEnded(this);
  }

  onClose(reason: CloseReason): void {
    this.session.onSideClosed(this, reason);
  }
}

const CONNECT_CODES: Readonly<Record<number, Code>> = {
  [Close.REFUSED]: "CONNECT_REFUSED",
  [Close.TIMEOUT]: "CONNECT_TIMEOUT",
};

/** Index in PRIORITIES: of connections nothing is known that would tell them apart. */
export const NORMAL = 1;

export class TcpSession implements QueueOwner {
  readonly listener: TcpListener;
  readonly client: TcpSide;
  readonly upstream: TcpSide;
  readonly #cluster: ProxyCluster;
  readonly #deadline: Deadline;
  readonly #query = new Query();
  readonly #acceptedAt: number;
  #endpoint: ProxyEndpoint | undefined = undefined;
  #sourceHash = 0;
  #tryAt = 0;
  #open = false;
  #clientEnded = false;
  #closed = false;
  /** Sides whose connection ended in order. */
  #finished = 0;
  #connectMs = -1;
  /** Looked up while it is there; only for the access log. */
  #peer = "";
  readonly #place = createQueuePlace(this);
  #queueMs = -1;
  readonly #tries: [string, Code | "ok"][] = [];

  constructor(listener: TcpListener, conn: Conn) {
    this.listener = listener;
    this.#cluster = listener.cluster;
    this.client = new TcpSide(this, conn);
    this.upstream = new TcpSide(this, undefined);
    this.client.peer = this.upstream;
    this.upstream.peer = this.client;
    const { engine } = listener.context;
    this.#acceptedAt = engine.now();
    this.#deadline = new Deadline(engine, () => this.#expire());
  }

  begin(hash: number): void {
    this.listener.context.metrics[this.listener.metrics + L.ACTIVE]++;
    this.#sourceHash = hash;
    this.#query.reset(hash);
    if (this.listener.context.accessLog !== undefined) this.#peer = describePeer(this.client.conn!);
    this.#connect();
  }

  /** Sees to it that the idle timeout is noticed. What moves is only noted: the timer looks when it fires. */
  watchIdle(): void {
    if (this.#open) this.#deadline.set(this.#idleAt);
  }

  /** When it will have been idle for too long, if nothing moves any more. */
  get #idleAt(): number {
    return Math.max(this.client.movedAt, this.upstream.movedAt) + this.listener.spec.idleTimeoutMs;
  }

  onUpstreamOpen(): void {
    const { context } = this.listener;
    const endpoint = this.#endpoint!;
    const now = context.engine.now();
    this.#open = true;
    this.#cluster.live.opened(endpoint);
    if (this.#clientEnded) this.upstream.conn!.end();
    this.#connectMs = now - this.#tryAt;
    this.#tries.push([endpoint.id, "ok"]);
    context.metrics[W.CONNECTED]++;
    this.#cluster.live.connected(endpoint, this.#connectMs, context.now());
    countOutcome(context.metrics, endpoint.data!.metrics, Outcome.OK);
    histogramRecord(context.metrics, endpoint.data!.metrics + E.RESPONSE, this.#connectMs);
    this.client.conn!.resume();
    this.client.touch();
    this.watchIdle();
  }

  /** FIN came. Before the endpoint is there it waits, like the data: the connection being made may not be the last. */
  onSideEnded(side: TcpSide): void {
    if (side === this.client && !this.#open) {
      this.#clientEnded = true;
      return;
    }
    side.peer!.conn!.end();
    side.touch();
  }

  /** Brings the figures up to what has moved. */
  count(): void {
    const { client, upstream, listener } = this;
    const { metrics } = listener.context;
    const received = client.bytes - client.counted;
    const sent = upstream.bytes - upstream.counted;
    client.counted = client.bytes;
    upstream.counted = upstream.bytes;
    metrics[listener.metrics + L.BYTES_IN] += received;
    metrics[listener.metrics + L.BYTES_OUT] += sent;
    metrics[W.BYTES_IN] += received;
    metrics[W.BYTES_OUT] += sent;
    metrics[this.#cluster.metrics + C.BYTES_IN] += sent;
    metrics[this.#cluster.metrics + C.BYTES_OUT] += received;
    if (this.#endpoint === undefined) return;
    const endpoint = this.#endpoint.data!.metrics;
    metrics[endpoint + E.BYTES_IN] += sent;
    metrics[endpoint + E.BYTES_OUT] += received;
  }

  onSideClosed(side: TcpSide, reason: CloseReason): void {
    if (this.#closed) return;
    if (side === this.upstream && !this.#open) {
      this.#onConnectFailed(reason);
      return;
    }
    const other = side.peer!;
    if (reason !== Close.FINISHED) {
      other.conn?.reset();
      const byClient = side === this.client;
      this.#finish(byClient ? "CLIENT_CLOSED" : "UPSTREAM_RESET", byClient ? Outcome.ABORTED : Outcome.OK);
    } else if (++this.#finished === 2) this.#finish(undefined, Outcome.OK);
  }

  abort(code: Code): void {
    if (this.#closed) return;
    this.client.conn?.reset();
    this.upstream.conn?.reset();
    this.#finish(code, Outcome.ABORTED);
  }

  onRoom(): boolean {
    const begins = this.#begin();
    if (!begins && this.#cluster.queue.admits(this.#query)) return false;
    this.#leaveQueue();
    if (!begins) this.#refuse(this.#query.refusal);
    return true;
  }

  onWaitedInVain(code: Code): void {
    this.#refuse(code);
  }

  #connect(): void {
    const { queue } = this.#cluster;
    if (!queue.isBehind(NORMAL)) {
      if (this.#begin()) return;
      if (!queue.admits(this.#query)) {
        this.#cluster.countRefusal(this.listener.context.metrics, this.#query);
        this.#refuse(this.#query.refusal);
        return;
      }
    }
    this.client.conn!.pause();
    const code = queue.join(this.#place, NORMAL);
    if (code !== undefined) this.#refuse(code);
  }

  #refuse(code: Code): void {
    this.client.conn!.reset();
    this.#finish(code, Outcome.ABORTED);
  }

  #leaveQueue(): void {
    if (this.#place.waits) this.#queueMs = Math.max(0, this.#queueMs) + this.#cluster.queue.leave(this.#place);
  }

  /** Connects to the next endpoint; false where there is none. */
  #begin(): boolean {
    const { context } = this.listener;
    const { metrics } = context;
    const cluster = this.#cluster;
    this.#query.now = context.now();
    const { sources } = cluster;
    this.#query.preferred = sources?.find(this.#sourceHash, this.#query.now)?.index ?? -1;
    // What is idle in a pool is no use here: an http listener of the same cluster put it there.
    this.#query.fresh = true;
    let endpoint = cluster.live.acquire(this.#query);
    while (endpoint !== undefined && !cluster.open(endpoint, this.#query)) {
      // Another thread took the endpoint's last connection since: the next choice sees that.
      if (!isOfEndpoint(this.#query.limit)) return false;
      endpoint = cluster.live.acquire(this.#query);
    }
    if (endpoint === undefined) return false;
    sources?.remember(this.#sourceHash, endpoint, this.#query.now);
    this.#endpoint = endpoint;
    this.#tryAt = context.engine.now();
    if (cluster.live.panicking) metrics[cluster.metrics + C.PANIC_PICKS]++;
    metrics[cluster.metrics + C.CONNECTS]++;
    metrics[cluster.metrics + C.ACTIVE]++;
    metrics[endpoint.data!.metrics + E.CONNECTS]++;
    metrics[endpoint.data!.metrics + E.REQUESTS]++;
    metrics[endpoint.data!.metrics + E.ACTIVE]++;
    metrics[endpoint.data!.metrics + E.OPEN]++;
    this.upstream.conn = context.engine.connect(endpoint.address, this.upstream, cluster.spec.connectTimeoutMs);
    // Nothing is read before the endpoint is there: what a client sends first must be able to go to another one.
    this.client.conn!.pause();
    return true;
  }

  #onConnectFailed(reason: CloseReason): void {
    const { metrics } = this.listener.context;
    const code = CONNECT_CODES[reason] ?? "CONNECT_FAILED";
    const endpoint = this.#endpoint!;
    metrics[this.#cluster.metrics + C.CONNECT_FAILURES]++;
    metrics[endpoint.data!.metrics + E.CONNECT_FAILURES]++;
    countOutcome(metrics, endpoint.data!.metrics, Outcome.CONNECT_FAILED);
    this.#tries.push([endpoint.id, code]);
    this.#settle(Outcome.CONNECT_FAILED);
    if (this.#query.tries < this.#cluster.spec.connectAttempts) {
      metrics[this.#cluster.metrics + C.RETRIES]++;
      this.#connect();
    } else {
      this.client.conn!.reset();
      this.#finish(code, Outcome.ABORTED);
    }
  }

  #settle(outcome: OutcomeId): void {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    this.#endpoint = undefined;
    const { metrics } = this.listener.context;
    metrics[this.#cluster.metrics + C.ACTIVE]--;
    metrics[endpoint.data!.metrics + E.ACTIVE]--;
    metrics[endpoint.data!.metrics + E.OPEN]--;
    if (!this.#open) this.#cluster.live.opened(endpoint);
    this.#cluster.live.closed(endpoint);
    this.#cluster.live.settle(endpoint, outcome, this.listener.context.now());
  }

  #expire(): void {
    if (this.#idleAt > this.listener.context.engine.now()) {
      this.watchIdle();
      return;
    }
    this.client.conn?.reset();
    this.upstream.conn?.reset();
    this.#finish("IDLE_TIMEOUT", Outcome.ABORTED);
  }

  #finish(code: Code | undefined, outcome: OutcomeId): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deadline.dispose();
    this.#leaveQueue();
    this.count();
    this.#settle(outcome);
    const { listener } = this;
    const { context } = listener;
    const { metrics } = context;
    listener.sessions.delete(this);
    const base = listener.metrics;
    metrics[base + L.OPEN]--;
    metrics[base + L.ACTIVE]--;
    metrics[base + L.REQUESTS_NONE]++;
    if (code !== undefined) metrics[base + L.ERRORS + CODE_NUMBER[code]]++;
    histogramRecord(metrics, base + L.DURATION, context.engine.now() - this.#acceptedAt);
    if (context.accessLog !== undefined) this.#log(code);
    context.connectionEnded();
    // Last, because another session begins in there.
    this.#cluster.queue.wake();
  }

  #log(code: Code | undefined): void {
    const { listener } = this;
    const { context } = listener;
    const record = context.accessRecord;
    record.reset();
    record.kind = "tcp";
    record.totalMs = context.engine.now() - this.#acceptedAt;
    record.time = context.wallClock() - record.totalMs;
    record.listener = listener.spec.name;
    record.client = this.#peer;
    record.code = code ?? "";
    record.termination = code === undefined ? "ok" : TRAITS[code].side;
    record.bytesIn = this.client.bytes;
    record.bytesOut = this.upstream.bytes;
    record.cluster = this.#cluster.name;
    record.queueMs = this.#queueMs;
    record.connectMs = this.#connectMs;
    record.retries = Math.max(0, this.#query.tries - 1);
    for (const [endpoint, outcome] of this.#tries) {
      record.addTry(endpoint, outcome);
      record.endpoint = endpoint;
    }
    context.accessLog!.write(record);
  }
}
