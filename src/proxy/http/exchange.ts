/**
 * One request and its response on their way through: what each event of either connection means for the other. Exchanges
 * are reused: once its worker is warm a request allocates none.
 *
 * start -> begin -> trying (again after a failure) -> responding -> finished. From `trying` also: Plimsoll's own answer ->
 * finished; from `responding` also: tunnel -> finished. `start` -> `reject` -> finished where the head is not valid.
 */
import type { Code } from "../../base/errors.js";
import { histogramRecord } from "../../base/histogram.js";
import { Outcome, type OutcomeId, outcomeOfFault, outcomeOfStatus } from "../../model/outcome.js";
import { E } from "../../observe/layout.js";
import type { MethodId, RequestHead, ResponseHead } from "../../wire/http1/head.js";
import type { ProxyContext } from "../context.js";
import { Account } from "./account.js";
import { ClientSide } from "./client-side.js";
import { Destination } from "./destination.js";
import type { Downstream } from "./downstream.js";
import type { ClientEvents, EndpointEvents } from "./events.js";
import { FaultInjection, type FaultOwner } from "./fault.js";
import { Flight } from "./flight.js";
import { Hedge } from "./hedge.js";
import type { ForwardRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";
import { takeRequest } from "./intake.js";
import { Launch } from "./launch.js";
import { takeLoadReport } from "./load-reports.js";
import { Mirroring } from "./mirror.js";
import { ResponseTransfer } from "./response-transfer.js";
import { Tries } from "./tries.js";
import { Tunnel } from "./tunnel.js";
import { UpgradeRequest } from "./upgrade.js";
import { Fate, Phase } from "./upstream.js";

const NO_BUFFER = "no buffer is free";

export class Exchange implements ClientEvents, EndpointEvents, FaultOwner {
  readonly #worker: HttpWorker;
  readonly #context: ProxyContext;
  readonly #account: Account;
  readonly #client: ClientSide;
  readonly #tries: Tries;
  readonly #flight: Flight;
  readonly #response: ResponseTransfer;
  readonly #destination = new Destination();
  readonly #faults: FaultInjection;
  readonly #mirroring: Mirroring;
  readonly #launch: Launch;
  readonly #hedge: Hedge;
  readonly #upgrade = new UpgradeRequest();
  #keepClient = false;

  constructor(worker: HttpWorker) {
    this.#worker = worker;
    this.#context = worker.context;
    this.#account = new Account(worker.context);
    this.#client = new ClientSide(worker, this.#account);
    this.#tries = new Tries(worker, this.#account);
    this.#flight = new Flight(worker);
    this.#launch = new Launch(worker.context, this, this.#tries, this.#flight, this.#account);
    this.#hedge = new Hedge(worker, this, this.#client, this.#tries, this.#flight, this.#upgrade, this.#account);
    this.#response = new ResponseTransfer(worker, this.#account);
    this.#mirroring = new Mirroring(worker);
    this.#faults = new FaultInjection(worker.context, this.#account, this);
  }

  get method(): MethodId {
    return this.#client.method;
  }

  get takesBody(): boolean {
    const { upstream } = this.#tries;
    if (upstream === undefined || this.#client.body.done) return false;
    return upstream.phase !== Phase.CONNECTING && !upstream.conn.congested;
  }

  start(downstream: Downstream): void {
    this.#client.reset(downstream);
    this.#account.start(downstream);
    this.#tries.responseForwarded = false;
  }

  /** What came is no valid request, or came too slowly: answered, and the connection ends. */
  reject(code: Code, reason: string): void {
    this.giveUp(code, reason);
  }

  /**
   * Takes the request whose head was parsed; what follows it is in `[start, end)` of `buffer`. Returns the offset of the
   * first byte that was not used.
   */
  begin(head: RequestHead, buffer: number, start: number, end: number): number {
    const route = takeRequest(this.#worker, this.#client, this.#account, head);
    if (typeof route !== "boolean") return this.#forward(route, head, buffer, start, end);
    this.#finish(route);
    return start;
  }

  onRequestBody(buffer: number, start: number, end: number): number {
    const tries = this.#tries;
    const { body } = this.#client;
    const { conn } = tries.upstream!;
    const before = body.sent;
    const next = body.forward(this.#context.engine.memory, this.#mirroring.sink(conn), buffer, start, end);
    if (body.fault !== undefined) {
      const reason = body.fault === "OVERLOADED" ? NO_BUFFER : "the request body is malformed or too large";
      this.#fail(body.fault, reason, Outcome.ABORTED);
      return end - start;
    }
    if (body.done) this.#mirroring.complete();
    tries.bodyKept = false;
    tries.current.bytesSent += body.sent - before;
    this.#account.bytesIn += next - start;
    if (!tries.responseForwarded) tries.awaitResponse(tries.current);
    return next - start;
  }

  onClientDrain(): void {
    this.#tries.upstream?.conn.resume();
  }

  /** The client sent FIN behind all it had to say: an answer can still reach it, but half a request stays half. */
  onClientEnd(): void {
    if (!this.#client.body.done) {
      this.#fail("BAD_REQUEST", "the client ended within its request body", Outcome.ABORTED);
    }
  }

  onClientGone(): void {
    this.onClientAborted("CLIENT_CLOSED");
  }

  onClientAborted(code: Code): void {
    this.#account.code = code;
    this.#tries.settle(Outcome.ABORTED, code, this.#account.status, Fate.CLOSE);
    this.#finish(false);
  }

  onTotalTimeout(): void {
    this.#fail("TOTAL_TIMEOUT", "the exchange took longer than its route allows", Outcome.TIMEOUT);
  }

  onBodyTimeout(): void {
    this.#fail("BODY_TIMEOUT", "the request body came too slowly", Outcome.ABORTED);
  }

  onUpstreamOpen(): void {
    this.#tries.current.connected();
    this.#onUpstreamReady();
  }

  onUpstreamDrain(): void {
    this.#client.downstream.resumeReading();
  }

  onConnectFailed(code: Code): void {
    const { endpoint } = this.#tries.current;
    this.#tries.current.connectFailed();
    this.#onTryFailed(code, Outcome.CONNECT_FAILED, `connecting to ${endpoint!.id} failed`);
  }

  onUpstreamEnd(): void {
    if (this.#tries.responseForwarded && this.#response.finish(this.#client.downstream)) {
      this.#afterResponsePiece(true);
    } else this.#onUpstreamLost();
  }

  onUpstreamClosed(): void {
    this.#onUpstreamLost();
  }

  onUpstreamFault(code: Code, reason: string): void {
    if (this.#tries.responseForwarded) this.#truncate(code, outcomeOfFault(code));
    else this.#onTryFailed(code, outcomeOfFault(code), reason);
  }

  onUpstreamDeadline(): void {
    const tries = this.#tries;
    const { upstream } = tries;
    if (tries.responseForwarded) {
      // A client that does not read is its own connection's matter.
      if (this.#client.downstream.conn.congested) tries.touch();
      else this.#truncate("RESPONSE_TIMEOUT", Outcome.TIMEOUT);
    } else if (upstream!.phase === Phase.CONNECTING) this.onConnectFailed("CONNECT_TIMEOUT");
    // Nor is the endpoint to blame while the rest of the request is still to come.
    else if (this.takesBody && !tries.isOver) tries.awaitResponse(tries.current);
    else this.#onTryFailed("RESPONSE_TIMEOUT", Outcome.TIMEOUT, "the endpoint did not answer in time");
  }

  onResponseHead(head: ResponseHead, buffer: number, start: number, end: number): number {
    const { status } = head;
    const tries = this.#tries;
    tries.current.bytesReceived += head.end - head.start;
    if (status === 101) {
      this.#switch(head, buffer, start, end);
      return end;
    }
    if (status < 200) {
      const { downstream, minor } = this.#client;
      // What is only informative is not kept for a client that does not read.
      if (minor === 1 && !downstream.conn.congested) this.#response.interim(head, downstream);
      return start;
    }
    tries.current.answered(status);
    if (tries.cluster.spec.loadReports !== undefined) {
      takeLoadReport(this.#context, tries.cluster, tries.current.endpoint!, head);
    }
    if (this.#hedge.runs && tries.isRetriable(status)) {
      tries.settle(outcomeOfStatus(status), "ok", status, Fate.CLOSE);
      this.#hedge.takeOver();
      return end;
    }
    this.#hedge.cancel();
    const waitMs = tries.repeatAfterStatus(head);
    if (waitMs >= 0) {
      tries.settle(outcomeOfStatus(status), "ok", status, Fate.CLOSE);
      this.#launch.beginAfter(waitMs);
    } else this.#forwardResponse(head, buffer, start, end);
    return end;
  }

  onResponseBody(buffer: number, start: number, end: number): void {
    this.#tries.current.bytesReceived += end - start;
    const next = this.#response.forward(this.#client.downstream, buffer, start, end);
    this.#afterResponsePiece(next < end);
  }

  /** The next try is under way, perhaps on a connection that is open. */
  onTryBegun(): void {
    this.#hedge.arm();
    // Last: what was held back of the body may be malformed, and end the exchange.
    if (this.#tries.pooledConnection) this.#onUpstreamReady();
  }

  /** No try can mend it: the client is told. */
  giveUp(code: Code, reason: string): void {
    this.#finish(this.#client.fail(code, reason, this.#flight));
  }

  /** The tunnel that this exchange had become is settled. */
  finishTunnel(): void {
    this.#finish(false);
  }

  #forward(route: ForwardRoute, head: RequestHead, buffer: number, start: number, end: number): number {
    const { downstream } = this.#client;
    if (downstream.listener.rules.requestId) this.#worker.nextRequestId();
    // Before anything is written: the new head may take the old one's place.
    this.#destination.choose(this.#worker, route, downstream, head);
    const waits = route.faults !== undefined && this.#faults.begin(route.faults, head, downstream.listener.metrics);
    const next = this.#flight.load(this.#client, route, head, this.#upgrade, this.#mirroring, buffer, start, end);
    if (typeof next === "string") {
      // The head that came, unless the one that was written has taken its place.
      this.#flight.readHead(head);
      this.#finish(this.#client.refuse(next, ""));
      return end;
    }
    this.#account.onForward(head, this.#worker.requestContext);
    this.#account.bytesIn += next - start;
    this.#response.reset(head.minor, route.responseOperations);
    const { totalMs } = route.timeouts;
    const deadline = totalMs > 0 ? downstream.requestAt + totalMs : Number.POSITIVE_INFINITY;
    this.#tries.reset(route, this.#destination, head.method, deadline);
    if (totalMs > 0) downstream.limitTotal(deadline);
    if (!waits) this.onFaultDelayed();
    return next;
  }

  /** The request waited as long as it should, or need not wait. */
  onFaultDelayed(): void {
    const { abort } = this.#faults;
    if (abort !== undefined) {
      this.#finish(this.#client.answerFault(abort));
      return;
    }
    // First: with the try more of the body may follow at once.
    this.#mirroring.start(this.#flight, this.#client.body.done);
    this.#launch.begin(false);
  }

  #onUpstreamReady(): void {
    this.#tries.awaitResponse(this.#tries.current);
    if (this.#client.body.done) return;
    this.#client.downstream.watchProgress();
    this.#client.downstream.resumeReading();
  }

  /** The endpoint's connection ended before its response did. */
  #onUpstreamLost(): void {
    if (this.#tries.responseForwarded) this.#truncate("RESPONSE_TRUNCATED", Outcome.RESET);
    else this.#onTryFailed("UPSTREAM_RESET", Outcome.RESET, "the endpoint closed the connection before it answered");
  }

  #onTryFailed(code: Code, outcome: OutcomeId, reason: string): void {
    const tries = this.#tries;
    // An endpoint that closes an idle connection just as it is used has not failed.
    const isRace = code === "UPSTREAM_RESET" && tries.pooledConnection;
    tries.settle(isRace ? Outcome.ABORTED : outcome, code, 0, Fate.CLOSE);
    if (this.#hedge.takeOver()) return;
    if (!this.#launch.repeat(code, reason, isRace)) this.giveUp(code, reason);
  }

  #forwardResponse(head: ResponseHead, buffer: number, start: number, end: number): void {
    const response = this.#response;
    const tries = this.#tries;
    const { downstream } = this.#client;
    response.prepare(head, tries.cluster, tries.current.endpoint!);
    this.#keepClient = this.#client.mayLive && !response.endsConnection;
    response.added = this.#destination.lineFor(tries.current.endpoint!);
    const fault = response.start(head, downstream, this.#keepClient, buffer, start, end);
    if (fault !== undefined) {
      this.#fail(fault, "the response cannot be forwarded", outcomeOfFault(fault));
      return;
    }
    this.#account.status = head.status;
    const { endpoint, responseMs } = tries.current;
    histogramRecord(this.#context.metrics, endpoint!.data!.metrics + E.RESPONSE, responseMs);
    tries.responseForwarded = true;
    tries.current.bytesReceived += end - start;
    tries.upstream!.phase = Phase.BODY;
    this.#flight.clear();
    this.#afterResponsePiece(response.next < end);
  }

  /** @param extra bytes after the response's end belong to nobody: such a connection cannot be trusted any more */
  #afterResponsePiece(extra: boolean): void {
    const { body, fault } = this.#response;
    if (fault !== undefined) this.#truncate(fault, outcomeOfFault(fault));
    else if (body.done) this.#complete(extra);
    else {
      const { downstream } = this.#client;
      this.#tries.touch();
      downstream.watchProgress();
      if (downstream.conn.congested) this.#tries.upstream!.conn.pause();
    }
  }

  /** 101: a tunnel if it was asked for exactly this, a broken response otherwise. */
  #switch(head: ResponseHead, buffer: number, start: number, end: number): void {
    const { memory } = this.#context.engine;
    const tries = this.#tries;
    const { downstream } = this.#client;
    if (!this.#upgrade.isAnsweredBy(memory.bytes, head)) {
      this.#fail("RESPONSE_INVALID", "a 101 that nobody asked for", Outcome.BAD_RESPONSE);
      return;
    }
    this.#response.added = this.#destination.lineFor(this.#tries.current.endpoint!);
    if (!this.#response.interim(head, downstream)) {
      this.#fail("OVERLOADED", NO_BUFFER, Outcome.ABORTED);
      return;
    }
    this.#flight.clear();
    const tunnel = new Tunnel(this, downstream, tries, this.#account);
    if (start < end) tunnel.onResponseBody(buffer, start, end);
    downstream.resumeReading();
  }

  #complete(extra: boolean): void {
    const { status } = this.#account;
    const { upstream } = this.#tries;
    const isReusable = this.#response.reusable && this.#client.body.done && !extra && upstream!.conn.unsent === 0;
    this.#tries.settle(outcomeOfStatus(status), "ok", status, isReusable ? Fate.POOL : Fate.CLOSE);
    this.#finish(this.#keepClient);
  }

  /** Ends the exchange for a reason that no other try can mend. */
  #fail(code: Code, reason: string, outcome: OutcomeId): void {
    if (this.#tries.responseForwarded) this.#truncate(code, outcome);
    else {
      this.#tries.settle(outcome, code, 0, Fate.CLOSE);
      this.giveUp(code, reason);
    }
  }

  /** The response has begun and cannot be completed. */
  #truncate(code: Code, outcome: OutcomeId): void {
    this.#account.code = code;
    this.#tries.settle(outcome, code, this.#account.status, Fate.CLOSE);
    this.#client.downstream.abortResponse(!this.#response.endsConnection);
    this.#finish(false);
  }

  #finish(keep: boolean): void {
    const { cluster } = this.#tries;
    this.#launch.cancel();
    this.#hedge.cancel();
    this.#tries.end();
    this.#flight.clear();
    this.#faults.cancel();
    this.#mirroring.end();
    this.#account.finish();
    this.#client.downstream.exchangeDone(keep, this.#client.saidLast);
    this.#worker.putExchange(this);
    // Last, because another exchange begins in there.
    cluster?.queue.wake();
    cluster?.retries.wake();
  }
}
