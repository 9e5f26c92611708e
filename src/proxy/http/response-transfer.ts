/** A response on its way to the client: its head rewritten, its body framed as the client can read it. */
import { type Code, TRAITS } from "../../base/errors.js";
import { BUFFER_SIZE } from "../../engine/memory.js";
import { Body, type ResponseHead } from "../../wire/http1/head.js";
import type { ProxyCluster, ProxyEndpoint } from "../proxy-cluster.js";
import type { Account } from "./account.js";
import { BodyTransfer } from "./body-transfer.js";
import type { Downstream } from "./downstream.js";
import { chooseFraming, endsConnection, Framing, type FramingId } from "./framing.js";
import { type HeaderOperations, NO_OPERATIONS } from "./header-operations.js";
import type { HttpWorker } from "./http-worker.js";
import { sendMessage } from "./join-head.js";
import { TrailerReports } from "./load-reports.js";
import { NO_BYTES } from "./put-bytes.js";
import { writeResponseHead } from "./response-writer.js";
import { UPSTREAM_LIMITS } from "./upstream-limits.js";

export class ResponseTransfer {
  readonly body = new BodyTransfer();
  /** The endpoint's connection may serve another request after this response. */
  reusable = false;
  /** After `start`: the offset of the first byte that does not belong to the response. */
  next = 0;
  /** Lines that the final response gets besides its own. */
  added: Uint8Array = NO_BYTES;
  readonly #worker: HttpWorker;
  readonly #account: Account;
  readonly #trailerReports: TrailerReports;
  #framing: FramingId = Framing.NONE;
  #clientMinor: 0 | 1 = 1;
  #operations: HeaderOperations = NO_OPERATIONS;

  constructor(worker: HttpWorker, account: Account) {
    this.#worker = worker;
    this.#account = account;
    this.#trailerReports = new TrailerReports(worker.context);
  }

  /** Only the end of the connection tells the client that the body is complete. */
  get endsConnection(): boolean {
    return endsConnection(this.#framing);
  }

  /** Why the body cannot go on. What reads it speaks of requests: whatever the sender did wrong makes the response invalid. */
  get fault(): Code | undefined {
    const { fault } = this.body;
    return fault === undefined || TRAITS[fault].side === "self" ? fault : "RESPONSE_INVALID";
  }

  /** Awaits the response to a request of HTTP/1.`clientMinor` on a route with these operations. */
  reset(clientMinor: 0 | 1, operations: HeaderOperations): void {
    this.reusable = false;
    this.added = NO_BYTES;
    this.#framing = Framing.NONE;
    this.#clientMinor = clientMinor;
    this.#operations = operations;
  }

  /** Chooses how the body is delimited, and who looks at its trailers. */
  prepare(head: ResponseHead, cluster: ProxyCluster, endpoint: ProxyEndpoint): void {
    this.#framing = chooseFraming(head, this.#clientMinor);
    const chunked = this.#framing === Framing.CHUNKED || this.#framing === Framing.CHUNK;
    this.body.begin(head.body, head.contentLength, chunked, UPSTREAM_LIMITS);
    this.body.trailerFilter = this.#trailerReports.of(cluster, endpoint);
    this.reusable = head.keepAlive && head.body !== Body.CLOSE;
  }

  /** Sends the head and what of the body is in `[start, end)` of `buffer`. With a code nothing was sent. */
  start(
    head: ResponseHead,
    downstream: Downstream,
    keepAlive: boolean,
    buffer: number,
    start: number,
    end: number,
  ): Code | undefined {
    const { memory } = this.#worker.context.engine;
    const out = memory.alloc();
    if (out < 0) return "OVERLOADED";
    const length = this.#write(head, downstream, keepAlive, out);
    if (length < 0) {
      memory.release(out);
      return "RESPONSE_TOO_LARGE";
    }
    this.next = sendMessage(memory, downstream.conn, this.body, out, length, buffer, start, end);
    if (this.next < 0) return this.fault;
    this.#countSent(downstream, length + this.body.sent);
    return undefined;
  }

  /** Sends more of the body; returns the offset of the first byte that does not belong to it. */
  forward(downstream: Downstream, buffer: number, start: number, end: number): number {
    const before = this.body.sent;
    const next = this.body.forward(this.#worker.context.engine.memory, downstream.conn, buffer, start, end);
    this.#countSent(downstream, this.body.sent - before);
    return next;
  }

  /** The endpoint sent FIN: true if that is the body's proper end, although there may be a fault in forwarding it. */
  finish(downstream: Downstream): boolean {
    const before = this.body.sent;
    const isComplete = this.body.finish(this.#worker.context.engine.memory, downstream.conn);
    this.#countSent(downstream, this.body.sent - before);
    return isComplete;
  }

  /** Sends an interim response (1xx); false where no buffer is free. */
  interim(head: ResponseHead, downstream: Downstream): boolean {
    const { memory } = this.#worker.context.engine;
    const out = memory.alloc();
    if (out < 0) return false;
    const length = this.#write(head, downstream, true, out);
    if (length > 0) {
      downstream.conn.send(out, out * BUFFER_SIZE, out * BUFFER_SIZE + length);
      this.#countSent(downstream, length);
    }
    memory.release(out);
    return length > 0;
  }

  #countSent(downstream: Downstream, bytes: number): void {
    this.#account.bytesOut += bytes;
    downstream.countSent(bytes);
  }

  #write(head: ResponseHead, downstream: Downstream, keepAlive: boolean, out: number): number {
    const { bytes } = this.#worker.context.engine.memory;
    const response = this.#worker.responseContext;
    response.rules = downstream.listener.rules;
    response.operations = this.#operations;
    response.added = this.added;
    response.clientMinor = this.#clientMinor;
    response.framing = this.#framing;
    response.keepAlive = keepAlive;
    response.date = this.#worker.dateLine;
    const at = out * BUFFER_SIZE;
    return writeResponseHead(bytes, head, response, bytes, at, at + BUFFER_SIZE);
  }
}
