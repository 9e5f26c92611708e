/**
 * The copy of one request on its way to a mirror's cluster. It takes what the original takes, as long as it can keep up:
 * one that would have to wait (no room, no buffer, too much that its endpoint has not taken) is given up, so that the original
 * never waits for it. Its response is read to the end and thrown away.
 *
 * idle -> ready (its head is written) -> sending -> answered, dropped or failed -> idle once the exchange let go of it too
 */
import { type Code, TRAITS } from "../../base/errors.js";
import type { CloseReason } from "../../engine/engine.js";
import { BUFFER_SIZE } from "../../engine/memory.js";
import { Outcome, type OutcomeId, outcomeOfStatus } from "../../model/outcome.js";
import { Query } from "../../model/query.js";
import type { ForwardTimeouts } from "../../model/spec.js";
import { countOutcome } from "../../observe/endpoint-outcome.js";
import { C, E, statusClass } from "../../observe/layout.js";
import { Method, type MethodId, type RequestHead, type ResponseHead } from "../../wire/http1/head.js";
import type { ProxyContext } from "../context.js";
import type { ProxyEndpoint } from "../proxy-cluster.js";
import { BodyTransfer, type ByteSink } from "./body-transfer.js";
import type { Downstream } from "./downstream.js";
import type { EndpointEvents } from "./events.js";
import type { Flight } from "./flight.js";
import type { HttpWorker } from "./http-worker.js";
import type { Mirror } from "./mirror.js";
import { NO_BYTES } from "./put-bytes.js";
import { type RequestContext, writeRequestHead } from "./request-writer.js";
import { Fate, type FateId, Phase, Upstream } from "./upstream.js";
import { UPSTREAM_LIMITS } from "./upstream-limits.js";

/**
 * How far a copy may be behind. More than the high-water mark, up to which the original may get ahead by itself; with the
 * default of 100 copies at once no worker holds more than 100 MiB for them.
 */
const BEHIND_BYTES = 1 << 20;

export class Shadow implements EndpointEvents, ByteSink {
  method: MethodId = Method.GET;
  readonly #worker: HttpWorker;
  readonly #context: ProxyContext;
  readonly #query = new Query();
  readonly #response = new BodyTransfer();
  #mirror!: Mirror;
  #responseHeaderMs = 0;
  #idleMs = 0;
  /** Its own head: a buffer, -1 = none. */
  #head = -1;
  #headLength = 0;
  #upstream: Upstream | undefined = undefined;
  #endpoint: ProxyEndpoint | undefined = undefined;
  /** An exchange still feeds it. */
  #isFed = false;
  #isComplete = false;
  #status = 0;
  #mayReuse = false;
  #startedAt = 0;
  #bytesSent = 0;
  #bytesReceived = 0;

  constructor(worker: HttpWorker) {
    this.#worker = worker;
    this.#context = worker.context;
  }

  /**
   * Writes the head of the copy, while the original's is still there.
   * @param request as for the original; what differs is put back afterwards
   * @returns false: no copy is made, which has been counted
   */
  prepare(
    mirror: Mirror,
    head: RequestHead,
    downstream: Downstream,
    request: RequestContext,
    timeouts: ForwardTimeouts,
  ): boolean {
    const { memory } = this.#context.engine;
    this.#mirror = mirror;
    const out = mirror.active < mirror.max ? memory.alloc() : -1;
    if (out < 0) return this.#refuse();
    const { operations, expect, tunnel } = request;
    request.operations = mirror.operations;
    request.expect = false;
    request.tunnel = false;
    const at = out * BUFFER_SIZE;
    const length = writeRequestHead(memory.bytes, head, request, memory.bytes, at, at + BUFFER_SIZE);
    request.operations = operations;
    request.expect = expect;
    request.tunnel = tunnel;
    if (length < 0) {
      memory.release(out);
      return this.#refuse();
    }
    mirror.active++;
    const { cluster } = mirror;
    const madeId = request.rules.requestId ? request.requestId : NO_BYTES;
    const hash = cluster.live.usesHash ? cluster.hash.of(memory.bytes, head, downstream, madeId) : 0;
    this.#query.reset(hash >= 0 ? hash : this.#context.random.next());
    this.#head = out;
    this.#headLength = length;
    this.method = head.method;
    this.#responseHeaderMs = timeouts.responseHeaderMs;
    this.#idleMs = timeouts.idleMs;
    this.#isFed = true;
    return true;
  }

  /** Sends the head and what of the body is in flight to an endpoint of its own. */
  start(flight: Flight, isComplete: boolean): void {
    const { memory } = this.#context.engine;
    const begin = this.#head * BUFFER_SIZE;
    if (this.#acquire()) {
      this.send(this.#head, begin, begin + this.#headLength);
      flight.sendBodyTo(this);
      if (isComplete) this.complete();
    }
    memory.release(this.#head);
    this.#head = -1;
  }

  /** @internal ByteSink: what the original sends after its head. */
  send(buffer: number, start: number, end: number): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    if (upstream.conn.unsent > BEHIND_BYTES) {
      this.#drop();
      return;
    }
    upstream.conn.send(buffer, start, end);
    this.#bytesSent += end - start;
    this.#touch();
  }

  /** The original's body is complete, and so is the copy. */
  complete(): void {
    this.#isComplete = true;
  }

  /** The exchange is over, or its request cannot be sent: what is not complete never will be. */
  detach(): void {
    this.#isFed = false;
    if (this.#head >= 0) {
      this.#context.engine.memory.release(this.#head);
      this.#head = -1;
      this.#end(C.MIRROR_DROPPED);
    } else if (this.#upstream === undefined) this.#worker.putShadow(this);
    else if (!this.#isComplete) this.#drop();
  }

  onUpstreamOpen(): void {
    this.#touch();
  }

  onUpstreamDrain(): void {}

  onConnectFailed(_code: Code): void {
    this.#context.metrics[this.#mirror.cluster.metrics + C.CONNECT_FAILURES]++;
    this.#context.metrics[this.#endpoint!.data!.metrics + E.CONNECT_FAILURES]++;
    this.#settle(Outcome.CONNECT_FAILED, Fate.CLOSE, C.MIRROR_FAILED);
  }

  onUpstreamEnd(): void {
    const isWhole = this.#status > 0 && this.#response.finish(this.#context.engine.memory, NOWHERE);
    if (isWhole) this.#answered(true);
    else this.#settle(Outcome.RESET, Fate.CLOSE, C.MIRROR_FAILED);
  }

  onUpstreamClosed(_reason: CloseReason): void {
    this.onUpstreamEnd();
  }

  onUpstreamFault(code: Code, _reason: string): void {
    if (TRAITS[code].side === "self") this.#drop();
    else this.#settle(Outcome.BAD_RESPONSE, Fate.CLOSE, C.MIRROR_FAILED);
  }

  onUpstreamDeadline(): void {
    this.#settle(Outcome.TIMEOUT, Fate.CLOSE, C.MIRROR_FAILED);
  }

  onResponseHead(head: ResponseHead, _buffer: number, start: number, end: number): number {
    this.#bytesReceived += head.end - head.start;
    if (head.status === 101) {
      this.onUpstreamFault("RESPONSE_INVALID", "");
      return end;
    }
    if (head.status < 200) return start;
    this.#status = head.status;
    const responseMs = this.#context.engine.now() - this.#startedAt;
    this.#mirror.cluster.live.answered(this.#endpoint!, head.status, responseMs, this.#context.now());
    this.#mayReuse = head.keepAlive;
    this.#response.begin(head.body, head.contentLength, false, UPSTREAM_LIMITS);
    this.#upstream!.phase = Phase.BODY;
    this.onResponseBody(_buffer, start, end);
    return end;
  }

  onResponseBody(_buffer: number, start: number, end: number): void {
    const body = this.#response;
    this.#bytesReceived += end - start;
    let at = start;
    while (at < end && !body.done && body.fault === undefined)
      at += body.take(this.#context.engine.memory.bytes, at, end);
    if (body.fault !== undefined) this.onUpstreamFault(body.fault, "");
    else if (body.done) this.#answered(at < end);
    else this.#touch();
  }

  #acquire(): boolean {
    const { metrics, engine } = this.#context;
    const { cluster } = this.#mirror;
    this.#query.now = this.#context.now();
    const endpoint = cluster.live.acquire(this.#query);
    let upstream = endpoint?.data?.pool.take();
    if (endpoint === undefined || (upstream === undefined && !cluster.open(endpoint, this.#query))) {
      this.#end(C.MIRROR_DROPPED);
      return false;
    }
    const data = endpoint.data!;
    this.#endpoint = endpoint;
    this.#startedAt = engine.now();
    this.#status = 0;
    this.#isComplete = false;
    this.#bytesSent = 0;
    this.#bytesReceived = 0;
    metrics[cluster.metrics + C.ACTIVE]++;
    metrics[data.metrics + E.ACTIVE]++;
    metrics[data.metrics + E.REQUESTS]++;
    if (upstream === undefined) {
      metrics[cluster.metrics + C.CONNECTS]++;
      metrics[data.metrics + E.CONNECTS]++;
      upstream = new Upstream(this.#context, this.#worker, cluster, endpoint);
    } else metrics[cluster.metrics + C.POOL_REUSED]++;
    upstream.attach(this);
    this.#upstream = upstream;
    return true;
  }

  #touch(): void {
    const waitMs = this.#status === 0 ? this.#responseHeaderMs : this.#idleMs;
    this.#upstream!.deadline.set(this.#context.engine.now() + waitMs);
  }

  #answered(extra: boolean): void {
    const isReusable = this.#mayReuse && this.#isComplete && !extra && this.#upstream!.conn.unsent === 0;
    this.#settle(outcomeOfStatus(this.#status), isReusable ? Fate.POOL : Fate.CLOSE, C.MIRROR_ANSWERED);
  }

  #drop(): void {
    this.#settle(Outcome.ABORTED, Fate.CLOSE, C.MIRROR_DROPPED);
  }

  /** Gives the lease and the connection back. */
  #settle(outcome: OutcomeId, fate: FateId, counter: number): void {
    const endpoint = this.#endpoint!;
    const { cluster } = this.#mirror;
    const { metrics } = this.#context;
    const block = endpoint.data!.metrics;
    const upstream = this.#upstream!;
    this.#upstream = undefined;
    this.#endpoint = undefined;
    upstream.leave(fate);
    metrics[cluster.metrics + C.ACTIVE]--;
    metrics[cluster.metrics + C.REQUESTS_NONE + statusClass(this.#status)]++;
    metrics[cluster.metrics + C.BYTES_IN] += this.#bytesReceived;
    metrics[cluster.metrics + C.BYTES_OUT] += this.#bytesSent;
    metrics[block + E.ACTIVE]--;
    metrics[block + E.BYTES_IN] += this.#bytesReceived;
    metrics[block + E.BYTES_OUT] += this.#bytesSent;
    countOutcome(metrics, block, outcome);
    cluster.live.settle(endpoint, outcome, this.#context.now());
    this.#end(counter);
  }

  #end(counter: number): void {
    this.#context.metrics[this.#mirror.cluster.metrics + counter]++;
    this.#mirror.active--;
    if (!this.#isFed) this.#worker.putShadow(this);
  }

  #refuse(): false {
    this.#context.metrics[this.#mirror.cluster.metrics + C.MIRROR_DROPPED]++;
    return false;
  }
}

/** Where a response goes that nobody asked for. */
const NOWHERE: ByteSink = { send: () => {} };
