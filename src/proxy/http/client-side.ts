/** The client's half of an exchange: what it asked for, how much of its request came, and what Plimsoll answers itself. */
import { type Code, TRAITS } from "../../base/errors.js";
import { Body, Method, type MethodId, type RequestHead } from "../../wire/http1/head.js";
import type { Account } from "./account.js";
import { describeNothing, describeRequest, sendAnswer, sendFixed, sendOptions, sendRouteAnswer } from "./answer.js";
import { BodyTransfer } from "./body-transfer.js";
import type { Downstream } from "./downstream.js";
import type { FixedResponse } from "./fixed-response.js";
import type { Flight } from "./flight.js";
import type { LocalRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";
import { UPSTREAM_LIMITS } from "./upstream-limits.js";

export class ClientSide {
  downstream!: Downstream;
  method: MethodId = Method.GET;
  /** It speaks HTTP/1.`minor`. */
  minor: 0 | 1 = 1;
  /** The request's body. */
  readonly body = new BodyTransfer();
  readonly #worker: HttpWorker;
  readonly #account: Account;
  #wantsToLive = false;
  #saidLast = false;

  constructor(worker: HttpWorker, account: Account) {
    this.#worker = worker;
    this.#account = account;
  }

  /** Nothing is known about the request. */
  reset(downstream: Downstream): void {
    this.downstream = downstream;
    this.method = Method.GET;
    this.minor = 1;
    this.#wantsToLive = false;
    this.#saidLast = false;
    this.body.begin(Body.NONE, 0, true, UPSTREAM_LIMITS);
  }

  /** The request's head has come. */
  begin(head: RequestHead): void {
    this.method = head.method;
    this.minor = head.minor;
    this.#wantsToLive = head.keepAlive;
    this.#saidLast = !head.keepAlive;
    this.body.begin(head.body, head.contentLength, true, this.downstream.listener.spec.limits);
  }

  /** Its connection may serve another request. What follows CONNECT was meant for a tunnel, not for this proxy. */
  get mayLive(): boolean {
    const isWhole = this.body.done && this.body.fault === undefined;
    return this.#wantsToLive && isWhole && this.downstream.mayLive && this.method !== Method.CONNECT;
  }

  /** It said that this was its last request, and all of it has come: nothing more can arrive. */
  get saidLast(): boolean {
    return this.#saidLast && this.body.done && this.method !== Method.CONNECT;
  }

  /** Answers with an error, by the head in `worker.requestHead`. True if the connection lives on. */
  refuse(code: Code, reason: string): boolean {
    const { reply, requestHead, context } = this.#worker;
    describeRequest(reply, context.engine.memory.bytes, requestHead);
    return this.#sendError(code, reason);
  }

  /** Answers with an error, by the request in flight: it tells what the client asked for. True as in `refuse`. */
  fail(code: Code, reason: string, flight: Flight): boolean {
    if (flight.readHead(this.#worker.requestHead)) return this.refuse(code, reason);
    describeNothing(this.#worker.reply);
    return this.#sendError(code, reason);
  }

  /** Answers by a route that does not forward. True as in `refuse`. */
  answer(route: LocalRoute, head: RequestHead): boolean {
    const isRedirect = route.kind === "redirect";
    const keep = this.mayLive;
    const sent = sendRouteAnswer(this.#worker, route, head, keep, this.downstream.conn);
    if (sent > 0) return this.#answered(isRedirect ? route.redirect.status : route.response.status, sent, keep);
    return this.refuse(isRedirect ? "BAD_REQUEST" : "INTERNAL", "the route's answer cannot be written");
  }

  /** Answers with an error that was made on purpose. True as in `refuse`. */
  answerFault(response: FixedResponse): boolean {
    const { reply, context } = this.#worker;
    const keep = this.mayLive;
    reply.address(this.minor, this.method === Method.HEAD, keep, this.#worker.dateLine);
    this.#account.code = "FAULT_INJECTED";
    return this.#answered(
      response.status,
      sendFixed(context.engine.memory, response, reply, this.downstream.conn),
      keep,
    );
  }

  /** Answers OPTIONS that asks this proxy itself. True as in `refuse`. */
  answerOptions(head: RequestHead): boolean {
    const keep = this.mayLive;
    return this.#answered(200, sendOptions(this.#worker, head, keep, this.downstream.conn), keep);
  }

  #sendError(code: Code, reason: string): boolean {
    const { reply, context } = this.#worker;
    const keep = this.mayLive;
    reply.address(this.minor, this.method === Method.HEAD, keep, this.#worker.dateLine);
    this.#account.code = code;
    this.#account.reason = reason;
    const sent = sendAnswer(context.engine.memory, code, reply, this.downstream.conn);
    return this.#answered(TRAITS[code].status, sent, keep);
  }

  /** A client that could not be answered for want of a buffer must not wait for more. */
  #answered(status: number, sent: number, keep: boolean): boolean {
    this.#account.status = status;
    this.#account.bytesOut += sent;
    return keep && sent > 0;
  }
}
