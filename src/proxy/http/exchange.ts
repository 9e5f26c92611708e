/**
 * One request and its response on their way through: picks the endpoint, keeps what was sent until the response begins
 * (so that a failed try can be repeated elsewhere), forwards both bodies with backpressure, and accounts at the end.
 * Exchanges are reused: once its worker is warm a request allocates none.
 *
 * start -> begin -> trying (again after a failure) -> responding -> finished. From `trying` also: Plimsoll's own answer ->
 * finished; from `responding` also: tunnel -> finished. `start` -> `reject` -> finished where the head is not valid.
 */
import { type Code, TRAITS } from "../../base/errors.js";
import { histogramRecord } from "../../base/histogram.js";
import { BUFFER_SIZE } from "../../engine/memory.js";
import { SendQueue } from "../../engine/send-queue.js";
import { isFailure, Outcome, type OutcomeId, outcomeOfStatus } from "../../model/outcome.js";
import { Query } from "../../model/query.js";
import { C, E, statusClass } from "../../observe/layout.js";
import { type FailedTry, mayRetry, mayRetryStatus } from "../../resilience/retry-policy.js";
import { Body, Method, type MethodId, type RequestHead, type ResponseHead } from "../../wire/http1/head.js";
import { parseRequestHead } from "../../wire/http1/request-parser.js";
import type { ProxyContext } from "../context.js";
import type { ProxyEndpoint } from "../proxy-cluster.js";
import { Account } from "./account.js";
import { describeNothing, describeRequest, sendAnswer, sendRouteAnswer } from "./answer.js";
import { BodyTransfer, type ByteSink } from "./body-transfer.js";
import { checkRequest } from "./check-request.js";
import type { Downstream } from "./downstream.js";
import { dropClaims } from "./forwarding.js";
import { chooseFraming, endsConnection, Framing, type FramingId } from "./framing.js";
import type { ForwardRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";
import { sendJoined } from "./join-head.js";
import { writeRequestHead } from "./request-writer.js";
import { writeResponseHead } from "./response-writer.js";
import { Tunnel } from "./tunnel.js";
import { UpgradeRequest } from "./upgrade.js";
import { Phase, Upstream } from "./upstream.js";
import { UPSTREAM_LIMITS } from "./upstream-limits.js";

export class Exchange implements FailedTry, ByteSink {
  method: MethodId = Method.GET;
  // What the retry policy asks about.
  tries = 0;
  idempotent = true;
  bytesSent = 0;
  bodyKept = true;
  responseForwarded = false;
  pooledConnection = false;
  readonly #worker: HttpWorker;
  readonly #context: ProxyContext;
  readonly #account: Account;
  readonly #requestBody = new BodyTransfer();
  readonly #responseBody = new BodyTransfer();
  readonly #query = new Query();
  readonly #upgrade = new UpgradeRequest();
  /** The request as far as it came with its head: what each try sends first. */
  readonly #flight = new SendQueue();
  #downstream: Downstream | undefined = undefined;
  #route: ForwardRoute | undefined = undefined;
  #endpoint: ProxyEndpoint | undefined = undefined;
  #upstream: Upstream | undefined = undefined;
  #tunnel: Tunnel | undefined = undefined;
  #clientMinor: 0 | 1 = 1;
  #clientKeepAlive = false;
  #framing: FramingId = Framing.NONE;
  #tryAt = 0;
  #responseMs = -1;
  #holdsRetry = false;
  /** The endpoint's connection may serve another request after this one. */
  #reusable = false;
  #keepClient = false;

  constructor(worker: HttpWorker) {
    this.#worker = worker;
    this.#context = worker.context;
    this.#account = new Account(worker.context);
  }

  /** More of the request body may come, and can be forwarded now. */
  get takesBody(): boolean {
    const upstream = this.#upstream;
    if (this.#tunnel !== undefined) return true;
    if (upstream === undefined || this.#requestBody.done) return false;
    return upstream.phase !== Phase.CONNECTING && !upstream.conn.congested;
  }

  start(downstream: Downstream): void {
    this.#downstream = downstream;
    this.#account.start(downstream);
    this.tries = 0;
    this.bodyKept = true;
    this.responseForwarded = false;
    this.#clientMinor = 1;
    this.#clientKeepAlive = false;
    this.#reusable = false;
    this.#responseMs = -1;
    this.#requestBody.begin(Body.NONE, 0, true, UPSTREAM_LIMITS);
    this.method = Method.GET;
  }

  /** What came is no valid request, or came too slowly: answered, and the connection ends. */
  reject(code: Code, reason: string): void {
    this.#answer(code, reason);
  }

  /**
   * Takes the request whose `head` was parsed in `buffer`; its body may follow up to `end`. Returns the offset of the
   * first byte that was not used.
   */
  begin(head: RequestHead, buffer: number, end: number): number {
    const downstream = this.#downstream!;
    const { listener } = downstream;
    const { bytes } = this.#context.engine.memory;
    this.method = head.method;
    this.#clientMinor = head.minor;
    this.#clientKeepAlive = head.keepAlive;
    this.idempotent = isIdempotent(head.method);
    this.#account.onRequest(bytes, head);
    this.#requestBody.begin(head.body, head.contentLength, true, listener.spec.limits);
    if (!downstream.trusted) dropClaims(bytes, head, listener.rules);
    const fault = checkRequest(bytes, head, listener.rules);
    if (fault !== undefined) return this.#answerNow(fault, end);
    const index = listener.routes.table.match(bytes, head);
    if (index < 0) return this.#answerNow("NO_ROUTE", head.end);
    const route = listener.routes.list[index];
    this.#account.route = route.name;
    if (route.kind === "forward") return this.#forward(route, head, buffer, end);
    this.#keepClient = this.#mayKeepClient();
    const status = sendRouteAnswer(this.#worker, route, head, this.#keepClient, downstream.conn);
    if (status === 0) return this.#answerNow("BAD_REQUEST", head.end);
    this.#account.status = status;
    this.#finish();
    return head.end;
  }

  /** @internal ByteSink: keeps the request's first bytes for this try and the next ones. */
  send(buffer: number, start: number, end: number): void {
    this.#context.engine.memory.retain(buffer);
    this.#flight.push(buffer, start, end);
  }

  /** A piece of the request body, or of what follows an upgrade; only while `takesBody`. Returns how much was used. */
  onRequestBody(buffer: number, start: number, end: number): number {
    if (this.#tunnel !== undefined) {
      this.#tunnel.relay(true, buffer, start, end);
      this.#touchTunnel(end - start, 0);
      return end - start;
    }
    const body = this.#requestBody;
    const next = body.forward(this.#context.engine.memory, this.#upstream!.conn, buffer, start, end);
    if (body.fault !== undefined) {
      this.#fail(body.fault, "the request body is malformed or too large", Outcome.ABORTED);
      return end - start;
    }
    this.bodyKept = false;
    this.bytesSent += next - start;
    this.#account.bytesIn += next - start;
    if (!this.responseForwarded) this.#awaitResponse();
    return next - start;
  }

  onClientDrain(): void {
    if (this.#tunnel !== undefined) this.#tunnel.onDrain(true);
    else this.#upstream?.conn.resume();
  }

  /** The client sent FIN: an answer can still reach it, but an incomplete request stays incomplete. */
  onClientEnd(): void {
    if (this.#tunnel !== undefined) {
      if (this.#tunnel.onEnd(true)) this.#finish();
    } else if (!this.#requestBody.done) {
      this.#fail("BAD_REQUEST", "the client ended within its request body", Outcome.ABORTED);
    }
  }

  /** The client's connection broke, and its owner has let go of this exchange. */
  onClientGone(): void {
    this.onClientAborted("CLIENT_CLOSED");
  }

  onClientAborted(code: Code): void {
    this.#account.code = code;
    this.#settle(Outcome.ABORTED, code);
    this.#downstream = undefined;
    this.#finish();
  }

  onTotalTimeout(): void {
    this.#fail("TOTAL_TIMEOUT", "the exchange took longer than its route allows", Outcome.TIMEOUT);
  }

  onBodyTimeout(): void {
    this.#fail("BODY_TIMEOUT", "the request body came too slowly", Outcome.ABORTED);
  }

  onUpstreamOpen(): void {
    this.#account.connectMs = this.#context.engine.now() - this.#tryAt;
    this.#awaitResponse();
    if (!this.#requestBody.done) {
      this.#downstream!.watchProgress();
      this.#downstream!.resumeReading();
    }
  }

  onUpstreamDrain(): void {
    if (this.#tunnel !== undefined) this.#tunnel.onDrain(false);
    else this.#downstream!.resumeReading();
  }

  onConnectFailed(code: Code): void {
    const { metrics } = this.#context;
    metrics[this.#route!.cluster.metrics + C.CONNECT_FAILURES]++;
    metrics[this.#endpoint!.data!.metrics + E.CONNECT_FAILURES]++;
    this.#onTryFailed(code, Outcome.CONNECT_FAILED, `connecting to ${this.#endpoint!.id} failed`);
  }

  /** The endpoint sent FIN. */
  onUpstreamEnd(): void {
    if (this.#tunnel !== undefined) {
      if (this.#tunnel.onEnd(false)) this.#finish();
      return;
    }
    if (this.responseForwarded && this.#responseBody.finish(this.#context.engine.memory, this.#downstream!.conn)) {
      this.#reusable = false;
      this.#settle(Outcome.OK, "ok");
      this.#finish();
    } else this.onUpstreamLost();
  }

  /** The endpoint's connection ended before its response did. */
  onUpstreamLost(): void {
    if (this.responseForwarded) this.#truncate("RESPONSE_TRUNCATED", Outcome.RESET);
    else this.#onTryFailed("UPSTREAM_RESET", Outcome.RESET, "the endpoint closed the connection before it answered");
  }

  /** The endpoint broke the protocol. */
  onUpstreamFault(code: Code, reason: string): void {
    this.#fail(code, reason, Outcome.BAD_RESPONSE);
  }

  onUpstreamDeadline(): void {
    if (this.#tunnel !== undefined) {
      this.#fail("IDLE_TIMEOUT", "nothing moved through the tunnel", Outcome.ABORTED);
    } else if (!this.responseForwarded) {
      this.#onTryFailed("RESPONSE_TIMEOUT", Outcome.TIMEOUT, "the endpoint did not answer in time");
    } else if (this.#downstream!.conn.congested) this.#touchUpstream();
    else this.#truncate("RESPONSE_TIMEOUT", Outcome.TIMEOUT);
  }

  /** Returns how many bytes, from the head's first one, belong to this response. */
  onResponseHead(head: ResponseHead, buffer: number, end: number): number {
    const { status } = head;
    if (status === 101) return this.#switch(head, buffer, end);
    if (status < 200) return this.#forwardInterim(head);
    const now = this.#context.engine.now();
    this.#responseMs = now - this.#tryAt;
    this.#account.responseMs = this.#responseMs;
    if (mayRetryStatus(this, status, this.#route!.retry) && this.#takeRetry()) {
      this.#settle(outcomeOfStatus(status), "ok", status);
      this.#holdsRetry = true;
      this.#try(false);
      return end - head.start;
    }
    return this.#forwardResponse(head, buffer, end);
  }

  onResponseBody(buffer: number, start: number, end: number): void {
    const downstream = this.#downstream!;
    if (this.#tunnel !== undefined) {
      this.#tunnel.relay(false, buffer, start, end);
      this.#touchTunnel(0, end - start);
      return;
    }
    const body = this.#responseBody;
    const next = body.forward(this.#context.engine.memory, downstream.conn, buffer, start, end);
    this.#account.bytesOut += next - start;
    downstream.countSent(next - start);
    if (body.fault !== undefined) this.#truncate("RESPONSE_INVALID", Outcome.BAD_RESPONSE);
    else if (body.done) this.#complete(next < end);
    else {
      this.#touchUpstream();
      downstream.watchProgress();
      if (downstream.conn.congested) this.#upstream!.conn.pause();
    }
  }

  #forward(route: ForwardRoute, head: RequestHead, buffer: number, end: number): number {
    const { memory } = this.#context.engine;
    const downstream = this.#downstream!;
    const worker = this.#worker;
    const request = worker.requestContext;
    this.#route = route;
    const out = memory.alloc();
    if (out < 0) return this.#answerNow("OVERLOADED", end);
    request.rules = downstream.listener.rules;
    request.client = downstream.clientFields;
    request.operations = route.requestOperations;
    request.rewrite = route.rewrite;
    request.rewriteHost = route.rewriteHost;
    request.expect = head.expectContinue;
    request.tunnel = route.upgrade && head.upgrade >= 0;
    if (request.rules.requestId) worker.nextRequestId();
    const at = out * BUFFER_SIZE;
    const length = writeRequestHead(memory.bytes, head, request, memory.bytes, at, at + BUFFER_SIZE);
    if (length < 0) {
      memory.release(out);
      return this.#answerNow("HEADERS_TOO_LARGE", end);
    }
    this.#upgrade.remember(memory.bytes, head, request.tunnel);
    this.#account.onForward(head, request);
    const next = this.#sendWithBody(this.#requestBody, this, out, length, buffer, head.end, end);
    if (this.#requestBody.fault !== undefined) return this.#answerNow(this.#requestBody.fault, end);
    this.#account.bytesIn += next - head.end;
    this.#query.reset(route.cluster.live.usesSource ? downstream.sourceHash : 0);
    if (route.timeouts.totalMs > 0) downstream.limitTotal(downstream.requestAt + route.timeouts.totalMs);
    this.#try(false);
    return next;
  }

  /** Sends a written head (its buffer's reference is taken over) and as much of the body as came with the original. */
  #sendWithBody(
    body: BodyTransfer,
    sink: ByteSink,
    out: number,
    length: number,
    buffer: number,
    start: number,
    end: number,
  ): number {
    const { memory } = this.#context.engine;
    let next = start;
    if (!body.done && start < end) {
      const taken = body.take(memory.bytes, start, end);
      if (body.fault === undefined && body.asIs) next += taken;
      else if (body.fault === undefined) {
        const at = out * BUFFER_SIZE;
        sink.send(out, at, at + length);
        body.emit(memory, sink, buffer, start, start + taken);
        memory.release(out);
        return body.forward(memory, sink, buffer, start + taken, end);
      }
    }
    sendJoined(memory, sink, out, length, buffer, start, next);
    return body.fault === undefined ? body.forward(memory, sink, buffer, next, end) : next;
  }

  #try(fresh: boolean): void {
    const { metrics, engine } = this.#context;
    const { cluster } = this.#route!;
    const endpoint = cluster.live.acquire(this.#query);
    if (endpoint === undefined) {
      const { refusal } = this.#query;
      metrics[cluster.metrics + (refusal === "OVERLOADED" ? C.OVERLOADED : C.NO_ENDPOINT)]++;
      this.#answer(refusal, `cluster ${cluster.name} has no endpoint to give`);
      return;
    }
    const data = endpoint.data!;
    this.#endpoint = endpoint;
    this.#tryAt = engine.now();
    this.tries++;
    metrics[cluster.metrics + C.ACTIVE]++;
    metrics[data.metrics + E.ACTIVE]++;
    metrics[data.metrics + E.REQUESTS]++;
    let upstream = fresh ? undefined : data.pool.take();
    this.pooledConnection = upstream !== undefined;
    if (upstream === undefined) {
      metrics[cluster.metrics + C.CONNECTS]++;
      metrics[data.metrics + E.CONNECTS]++;
      upstream = new Upstream(this.#context, this.#worker, cluster, endpoint);
    } else {
      metrics[cluster.metrics + C.POOL_REUSED]++;
      this.#account.connectMs = 0;
    }
    this.#upstream = upstream;
    upstream.attach(this);
    this.#sendFlight(upstream);
    if (this.pooledConnection) {
      this.#awaitResponse();
      if (!this.#requestBody.done) {
        this.#downstream!.watchProgress();
        this.#downstream!.resumeReading();
      }
    } else {
      const { perTryMs } = this.#route!.timeouts;
      if (perTryMs > 0) upstream.deadline.set(this.#tryAt + perTryMs);
    }
  }

  /** Chunks stay in the queue: the connection retains them for itself, and the next try may need them. */
  #sendFlight(upstream: Upstream): void {
    const flight = this.#flight;
    this.bytesSent = 0;
    for (let i = 0; i < flight.count; i++) {
      flight.peek(i);
      upstream.conn.send(flight.buffer, flight.start, flight.end);
      this.bytesSent += flight.end - flight.start;
    }
  }

  #awaitResponse(): void {
    const { responseHeaderMs, perTryMs } = this.#route!.timeouts;
    const at = this.#context.engine.now() + responseHeaderMs;
    this.#upstream!.deadline.set(perTryMs > 0 ? Math.min(at, this.#tryAt + perTryMs) : at);
  }

  #touchUpstream(): void {
    this.#upstream!.deadline.set(this.#context.engine.now() + this.#route!.timeouts.idleMs);
  }

  #touchTunnel(received: number, sent: number): void {
    this.#account.bytesIn += received;
    this.#account.bytesOut += sent;
    this.#touchUpstream();
  }

  #onTryFailed(code: Code, outcome: OutcomeId, reason: string): void {
    // An endpoint that closes an idle connection just as it is used has not failed.
    const isRace = code === "UPSTREAM_RESET" && this.pooledConnection;
    this.#settle(isRace ? Outcome.ABORTED : outcome, code);
    if (!mayRetry(this, code, this.#route!.retry)) this.#answer(code, reason);
    else if (isRace) this.#try(true);
    else if (this.#takeRetry()) {
      this.#holdsRetry = true;
      this.#try(false);
    } else this.#answer(code, reason);
  }

  /** Takes a place in the budget; the next try holds it until it is settled. */
  #takeRetry(): boolean {
    const { cluster } = this.#route!;
    const { metrics } = this.#context;
    if (!cluster.live.beginRetry()) {
      metrics[cluster.metrics + C.RETRIES_DENIED]++;
      return false;
    }
    metrics[cluster.metrics + C.RETRIES]++;
    return true;
  }

  #forwardInterim(head: ResponseHead): number {
    const length = head.end - head.start;
    if (this.#clientMinor === 0) return length;
    const { memory } = this.#context.engine;
    const out = memory.alloc();
    if (out < 0) return length;
    const written = this.#writeResponse(head, out);
    if (written > 0) {
      this.#downstream!.conn.send(out, out * BUFFER_SIZE, out * BUFFER_SIZE + written);
      this.#account.bytesOut += written;
    }
    memory.release(out);
    return length;
  }

  #forwardResponse(head: ResponseHead, buffer: number, end: number): number {
    const { memory } = this.#context.engine;
    const downstream = this.#downstream!;
    const upstream = this.#upstream!;
    this.#framing = chooseFraming(head, this.#clientMinor);
    const chunked = this.#framing === Framing.CHUNKED || this.#framing === Framing.CHUNK;
    this.#responseBody.begin(head.body, head.contentLength, chunked, UPSTREAM_LIMITS);
    this.#reusable = head.keepAlive && head.body !== Body.CLOSE;
    this.#keepClient = this.#mayKeepClient() && !endsConnection(this.#framing);
    const out = memory.alloc();
    const length = out < 0 ? -1 : this.#writeResponse(head, out);
    if (length < 0) {
      if (out >= 0) memory.release(out);
      this.#fail(out < 0 ? "OVERLOADED" : "RESPONSE_TOO_LARGE", "no room for the response header", Outcome.OK);
      return end - head.start;
    }
    const { start } = head;
    const bodyStart = head.end;
    this.#account.status = head.status;
    histogramRecord(this.#context.metrics, this.#endpoint!.data!.metrics + E.RESPONSE, this.#responseMs);
    this.responseForwarded = true;
    this.#flight.clear(memory);
    upstream.phase = Phase.BODY;
    const next = this.#sendWithBody(this.#responseBody, downstream.conn, out, length, buffer, bodyStart, end);
    this.#account.bytesOut += length + next - bodyStart;
    downstream.countSent(length + next - bodyStart);
    if (this.#responseBody.fault !== undefined) this.#truncate("RESPONSE_INVALID", Outcome.BAD_RESPONSE);
    else if (this.#responseBody.done) this.#complete(next < end);
    else {
      this.#touchUpstream();
      downstream.watchProgress();
      if (downstream.conn.congested) upstream.conn.pause();
      return next - start;
    }
    return end - start;
  }

  #writeResponse(head: ResponseHead, out: number): number {
    const { bytes } = this.#context.engine.memory;
    const response = this.#worker.responseContext;
    response.rules = this.#downstream!.listener.rules;
    response.operations = this.#route!.responseOperations;
    response.framing = this.#framing;
    response.clientMinor = this.#clientMinor;
    response.keepAlive = this.#keepClient;
    const at = out * BUFFER_SIZE;
    return writeResponseHead(bytes, head, response, bytes, at, at + BUFFER_SIZE);
  }

  /** 101: a tunnel if it was asked for exactly this, a broken response otherwise. */
  #switch(head: ResponseHead, buffer: number, end: number): number {
    const { memory } = this.#context.engine;
    const size = end - head.start;
    if (!this.#upgrade.isAnsweredBy(memory.bytes, head)) {
      this.#fail("RESPONSE_INVALID", "a 101 that nobody asked for", Outcome.BAD_RESPONSE);
      return size;
    }
    const { conn } = this.#downstream!;
    const upstream = this.#upstream!;
    const bodyStart = head.end;
    this.#account.status = 101;
    this.#responseMs = this.#context.engine.now() - this.#tryAt;
    this.#account.responseMs = this.#responseMs;
    this.#forwardInterim(head);
    this.responseForwarded = true;
    this.#keepClient = false;
    this.#flight.clear(memory);
    upstream.phase = Phase.BODY;
    this.#tunnel = new Tunnel(conn, upstream.conn);
    this.#touchUpstream();
    if (bodyStart < end) this.onResponseBody(buffer, bodyStart, end);
    this.#downstream!.resumeReading();
    return size;
  }

  /** @param extra bytes after the response's end belong to nobody: such a connection cannot be trusted any more */
  #complete(extra: boolean): void {
    if (extra || this.#upstream!.conn.unsent > 0) this.#reusable = false;
    this.#settle(outcomeOfStatus(this.#account.status), "ok", this.#account.status);
    this.#finish();
  }

  /** Ends this try: counts give back what they took, and the connection goes where it belongs. */
  #settle(outcome: OutcomeId, result: Code | "ok", status = 0): void {
    const upstream = this.#upstream;
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    this.#upstream = undefined;
    this.#endpoint = undefined;
    if (upstream !== undefined) {
      if (this.#reusable && this.#requestBody.done && this.#responseBody.done && status > 0 && this.responseForwarded) {
        upstream.release();
      } else upstream.close();
    }
    const { cluster } = this.#route!;
    const { metrics } = this.#context;
    const block = endpoint.data!.metrics;
    metrics[cluster.metrics + C.ACTIVE]--;
    metrics[block + E.ACTIVE]--;
    metrics[cluster.metrics + C.REQUESTS_NONE + statusClass(status)]++;
    if (isFailure(outcome)) metrics[block + E.FAILURES]++;
    this.#account.onTry(endpoint.id, result, this.pooledConnection, cluster.name);
    cluster.live.settle(endpoint, outcome, this.#responseMs);
    if (this.#holdsRetry) {
      this.#holdsRetry = false;
      cluster.live.endRetry();
    }
  }

  /** Ends the exchange for a reason that no other try can mend. */
  #fail(code: Code, reason: string, outcome: OutcomeId): void {
    if (this.responseForwarded) this.#truncate(code, outcome);
    else {
      this.#settle(outcome, code);
      this.#answer(code, reason);
    }
  }

  /** The response has begun and cannot be completed. */
  #truncate(code: Code, outcome: OutcomeId): void {
    const downstream = this.#downstream!;
    this.#account.code = code;
    this.#reusable = false;
    this.#settle(outcome, code, this.#account.status);
    this.#downstream = undefined;
    downstream.abortResponse(!endsConnection(this.#framing) && this.#tunnel === undefined);
    this.#finish();
  }

  /** While the head is still at hand: the client's wishes are read from it. */
  #answerNow(code: Code, next: number): number {
    const { bytes } = this.#context.engine.memory;
    describeRequest(this.#worker.reply, bytes, this.#worker.requestHead);
    this.#respond(code, "");
    return next;
  }

  #answer(code: Code, reason: string): void {
    const { reply, requestHead } = this.#worker;
    const { bytes } = this.#context.engine.memory;
    const flight = this.#flight;
    describeNothing(reply);
    // What was sent to the endpoint tells what the client asked for.
    if (flight.count > 0) {
      flight.peek(0);
      const { limits } = this.#downstream!.listener.spec;
      if (parseRequestHead(bytes, flight.start, flight.end, { ...limits, ...ROOMY }, requestHead) > 0) {
        describeRequest(reply, bytes, requestHead);
      }
    }
    this.#respond(code, reason);
  }

  #respond(code: Code, reason: string): void {
    const { reply } = this.#worker;
    this.#keepClient = this.#mayKeepClient();
    reply.clientMinor = this.#clientMinor;
    reply.isHead = this.method === Method.HEAD;
    reply.keepAlive = this.#keepClient;
    this.#account.code = code;
    this.#account.reason = reason;
    this.#account.status = TRAITS[code].status;
    this.#account.bytesOut += sendAnswer(this.#context.engine.memory, code, reply, this.#downstream!.conn);
    this.#finish();
  }

  #mayKeepClient(): boolean {
    return this.#clientKeepAlive && this.#requestBody.done && this.#downstream!.mayLive;
  }

  #finish(): void {
    const downstream = this.#downstream;
    const keep = this.#keepClient;
    // A tunnel ends with both its connections.
    if (this.#tunnel !== undefined) this.#settle(Outcome.OK, "ok", 101);
    this.#tunnel = undefined;
    this.#flight.clear(this.#context.engine.memory);
    this.#account.finish();
    this.#downstream = undefined;
    this.#route = undefined;
    downstream?.exchangeDone(keep);
    this.#worker.putExchange(this);
  }
}

/** The head in flight is Plimsoll's own: the listener's limits do not apply to what was added to it. */
const ROOMY = { maxHeaderBytes: BUFFER_SIZE, maxLineBytes: BUFFER_SIZE, maxHeaderCount: 1024 };

/** RFC 9110 9.2.2. */
function isIdempotent(method: MethodId): boolean {
  return method !== Method.POST && method !== Method.PATCH && method !== Method.EXTENSION && method !== Method.CONNECT;
}
