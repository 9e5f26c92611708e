/**
 * What an exchange becomes after a matching 101: bytes both ways, with backpressure. FIN is carried through as FIN; a side
 * is done when all that was meant for it is out, and only silence ends what nobody closes.
 */
import type { Code } from "../../base/errors.js";
import { Close, type CloseReason } from "../../engine/engine.js";
import { Outcome, type OutcomeId } from "../../model/outcome.js";
import type { MethodId } from "../../wire/http1/head.js";
import type { Account } from "./account.js";
import type { Downstream } from "./downstream.js";
import type { ClientEvents, EndpointEvents } from "./events.js";
import type { Exchange } from "./exchange.js";
import type { Tries } from "./tries.js";
import { Fate, type FateId, Phase, type Upstream } from "./upstream.js";

export class Tunnel implements ClientEvents, EndpointEvents {
  readonly takesBody = true;
  readonly #exchange: Exchange;
  readonly #downstream: Downstream;
  readonly #upstream: Upstream;
  readonly #tries: Tries;
  readonly #account: Account;

  /** Takes over both connections. */
  constructor(exchange: Exchange, downstream: Downstream, tries: Tries, account: Account) {
    this.#exchange = exchange;
    this.#downstream = downstream;
    this.#upstream = tries.upstream!;
    this.#tries = tries;
    this.#account = account;
    account.status = 101;
    tries.current.answered(101);
    tries.responseForwarded = true;
    this.#upstream.phase = Phase.BODY;
    downstream.switchTo(this);
    this.#upstream.exchange = this;
    tries.touch();
  }

  get method(): MethodId {
    return this.#exchange.method;
  }

  onRequestBody(buffer: number, start: number, end: number): number {
    const { conn } = this.#upstream;
    conn.send(buffer, start, end);
    if (conn.congested) this.#downstream.conn.pause();
    this.#account.bytesIn += end - start;
    this.#tries.current.bytesSent += end - start;
    this.#tries.touch();
    return end - start;
  }

  onResponseBody(buffer: number, start: number, end: number): void {
    const { conn } = this.#downstream;
    conn.send(buffer, start, end);
    if (conn.congested) this.#upstream.conn.pause();
    this.#account.bytesOut += end - start;
    this.#tries.current.bytesReceived += end - start;
    this.#tries.touch();
  }

  onClientDrain(): void {
    this.#upstream.conn.resume();
  }

  onUpstreamDrain(): void {
    this.#downstream.conn.resume();
  }

  onClientEnd(): void {
    this.#upstream.conn.end();
  }

  onUpstreamEnd(): void {
    this.#downstream.conn.end();
  }

  onClientGone(reason: CloseReason): void {
    if (reason === Close.FINISHED) this.#end(Fate.FINISH);
    else this.onClientAborted("CLIENT_CLOSED");
  }

  onClientAborted(code: Code): void {
    this.#account.code = code;
    this.#tries.settle(Outcome.ABORTED, code, 101, Fate.RESET);
    this.#exchange.finishTunnel();
  }

  onUpstreamClosed(reason: CloseReason): void {
    if (reason === Close.FINISHED) this.#end(Fate.CLOSE);
    else this.#cut("UPSTREAM_RESET", Outcome.OK);
  }

  onUpstreamDeadline(): void {
    this.#cut("IDLE_TIMEOUT", Outcome.ABORTED);
  }

  onTotalTimeout(): void {
    this.#cut("TOTAL_TIMEOUT", Outcome.ABORTED);
  }

  onBodyTimeout(): void {
    this.#cut("BODY_TIMEOUT", Outcome.ABORTED);
  }

  // Of an endpoint's connection that was switched no head is read any more.
  onUpstreamOpen(): void {}
  onConnectFailed(): void {}
  onUpstreamFault(): void {}
  onResponseHead(): number {
    return 0;
  }

  /** Both sides have ended in order. */
  #end(fate: FateId): void {
    this.#tries.settle(Outcome.OK, "ok", 101, fate);
    this.#exchange.finishTunnel();
  }

  #cut(code: Code, outcome: OutcomeId): void {
    this.#account.code = code;
    this.#tries.settle(outcome, code, 101, Fate.CLOSE);
    this.#downstream.abortResponse(false);
    this.#exchange.finishTunnel();
  }
}
