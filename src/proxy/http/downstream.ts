/**
 * One client connection: reads request heads, hands each request to an exchange, and keeps what the client sends ahead
 * of its turn. One exchange at a time: pipelined requests are answered in order.
 *
 * idle -> head (a part of one came) -> exchange -> idle ...; exchange -> tunnel; any -> linger (our FIN is out, or a
 * reset is to follow; what still comes is thrown away, so that the client can read our last answer) -> closed
 */
import type { Code } from "../../base/errors.js";
import { hashText } from "../../base/hash.js";
import type { CloseReason, Conn, ConnHandler } from "../../engine/engine.js";
import { SendQueue } from "../../engine/send-queue.js";
import { L, W } from "../../observe/layout.js";
import { PARSE_ERRORS } from "../../wire/http1/parse-errors.js";
import { parseRequestHead } from "../../wire/http1/request-parser.js";
import { Deadline } from "../deadline.js";
import { ClientPace } from "./client-pace.js";
import type { ClientEvents } from "./events.js";
import type { Exchange } from "./exchange.js";
import type { ClientFields } from "./forwarding.js";
import type { HttpListener } from "./http-listener.js";
import { PartialHead } from "./partial-head.js";

const State = { IDLE: 0, HEAD: 1, EXCHANGE: 2, LINGER: 3, CLOSED: 4 } as const;

/** How long, and for how many bytes, a client that has been sent everything and our FIN is listened to. */
const LINGER_MS = 2000;
const LINGER_BYTES = 1 << 20;
/** How long an idle connection stays once its listener has closed. */
const LAST_REQUEST_MS = 1000;

export class Downstream implements ConnHandler {
  readonly listener: HttpListener;
  readonly conn: Conn;
  /** Accepted, or the previous response was complete. */
  idleSince: number;
  /** The client has sent FIN. */
  ended = false;
  /** First byte of the current request. */
  requestAt = 0;
  #state: number = State.IDLE;
  #exchange: ClientEvents | undefined = undefined;
  readonly #deadline: Deadline;
  readonly #partial = new PartialHead();
  /** Chunks that came before their turn. */
  #held: SendQueue | undefined = undefined;
  #reading = false;
  /** An answer before the current one was complete: some of it may still be on its way. */
  #hasAnswered = false;
  /** It lingers without FIN and ends with a reset. */
  #breaks = false;
  #fields: ClientFields | undefined = undefined;
  #trusted = false;
  readonly #pace: ClientPace;
  #totalAt = Number.POSITIVE_INFINITY;

  constructor(listener: HttpListener, conn: Conn) {
    const { engine } = listener.context;
    this.listener = listener;
    this.conn = conn;
    this.#pace = new ClientPace(listener, conn);
    this.idleSince = engine.now();
    this.#deadline = new Deadline(engine, () => this.#expire());
    this.#deadline.set(this.idleSince + listener.spec.timeouts.idleMs);
  }

  /** The client as forwarded requests name it. */
  get clientFields(): ClientFields {
    if (this.#fields === undefined) this.#identify();
    return this.#fields!;
  }

  get trusted(): boolean {
    if (this.#fields === undefined) this.#identify();
    return this.#trusted;
  }

  /** For source-address balancing. */
  get sourceHash(): number {
    const { peer } = this.conn;
    return peer === undefined || peer.family === "unix" ? 0 : hashText(peer.host);
  }

  /** The connection may serve another request: also one that came ahead of its turn and before the client's FIN. */
  get mayLive(): boolean {
    return !this.listener.closing && (!this.ended || this.#reading || (this.#held?.count ?? 0) > 0);
  }

  onOpen(): void {}

  onData(buffer: number, start: number, end: number): void {
    this.#pace.received += end - start;
    if (this.#held !== undefined && this.#held.count > 0) {
      this.#hold(buffer, start, end);
      return;
    }
    this.#consume(buffer, start, end);
  }

  onDrain(): void {
    const exchange = this.#exchange;
    if (exchange !== undefined) exchange.onClientDrain();
    else this.resumeReading();
  }

  onEnd(): void {
    this.ended = true;
    if (this.#held === undefined || this.#held.count === 0) this.#finishInput();
  }

  onClose(reason: CloseReason): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#dispose();
    exchange?.onClientGone(reason);
  }

  /** Reads what was held back, and then the connection, if there is someone to take it. */
  resumeReading(): void {
    if (this.#reading) return;
    const held = this.#held;
    while (held !== undefined && held.count > 0 && this.#wantsData()) {
      held.shift();
      const { buffer } = held;
      this.#consume(buffer, held.start, held.end);
      this.listener.context.engine.memory.release(buffer);
    }
    if (this.#state === State.CLOSED || (held !== undefined && held.count > 0)) return;
    if (this.ended) this.#finishInput();
    else if (this.#wantsData()) this.conn.resume();
  }

  /**
   * The exchange is over. Its response, if any, has been handed to the connection.
   * @param saidLast the client sends nothing more: there is nothing to wait for
   */
  exchangeDone(keep: boolean, saidLast: boolean): void {
    this.#exchange = undefined;
    this.#totalAt = Number.POSITIVE_INFINITY;
    this.#pace.unwatch();
    if (this.#state === State.CLOSED) return;
    if (!keep || this.listener.closing) {
      if (saidLast && !this.#breaks && (this.#held === undefined || this.#held.count === 0)) this.conn.finish();
      this.#linger();
      return;
    }
    this.#state = State.IDLE;
    this.#hasAnswered = true;
    this.idleSince = this.listener.context.engine.now();
    this.#deadline.set(this.idleSince + this.listener.spec.timeouts.idleMs);
    this.resumeReading();
  }

  /** The response cannot be completed: the client must not take what it has for the whole. */
  abortResponse(isDelimited: boolean): void {
    this.#exchange = undefined;
    if (isDelimited) this.#linger();
    else if (this.#hasAnswered) {
      // A reset throws away what is under way, an earlier answer too.
      this.#breaks = true;
      this.#linger();
    } else {
      this.conn.reset();
      this.#dispose();
    }
  }

  abort(code: Code): void {
    if (this.#state === State.IDLE) {
      this.#linger();
      return;
    }
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.conn.reset();
    this.#dispose();
    exchange?.onClientAborted(code);
  }

  /**
   * The listener has closed. What runs is finished; an idle connection has a little time left, because its client may
   * have sent the next request already: that is answered, and said to be the last.
   */
  endSoon(): void {
    if (this.#state !== State.IDLE) return;
    this.#deadline.set(Math.min(this.#deadline.at, this.listener.context.engine.now() + LAST_REQUEST_MS));
  }

  /** The exchange of the current request must be over by `at`. */
  limitTotal(at: number): void {
    this.#totalAt = at;
    this.#deadline.set(Math.min(at, this.#pace.nextAt));
  }

  /** From now on the client has to send (or read) at the listener's least rate. */
  watchProgress(): void {
    if (this.#pace.isWatched) return;
    this.#pace.mark();
    this.#deadline.set(Math.min(this.#totalAt, this.#pace.nextAt));
  }

  /** After a 101: from here on `tunnel` works on the connection, and only silence ends it. */
  switchTo(tunnel: ClientEvents): void {
    this.#exchange = tunnel;
    // Its client has read what came before the 101.
    this.#hasAnswered = false;
    this.limitTotal(Number.POSITIVE_INFINITY);
  }

  /** The exchange has handed `bytes` more to the connection. */
  countSent(bytes: number): void {
    this.#pace.sent += bytes;
  }

  #consume(buffer: number, start: number, end: number): void {
    this.#reading = true;
    let at = start;
    while (at < end) {
      if (this.#state <= State.HEAD) {
        if (this.conn.congested) {
          this.#hold(buffer, at, end);
          break;
        }
        at = this.#readHead(buffer, at, end);
      } else if (this.#state === State.EXCHANGE) {
        const exchange = this.#exchange!;
        if (!exchange.takesBody) {
          this.#hold(buffer, at, end);
          break;
        }
        at += exchange.onRequestBody(buffer, at, end);
      } else {
        this.#discard();
        break;
      }
    }
    this.#reading = false;
  }

  /** The client has sent FIN, and all that came before it was read. */
  #finishInput(): void {
    if (this.#state === State.EXCHANGE) this.#exchange!.onClientEnd();
    else this.#linger();
  }

  /** Returns the offset of the first byte that was not used. */
  #readHead(buffer: number, at: number, end: number): number {
    const { listener } = this;
    const { worker } = listener;
    const { memory } = listener.context.engine;
    const partial = this.#partial;
    const before = partial.buffer < 0 ? 0 : partial.end - partial.start;
    if (this.#state === State.IDLE) this.requestAt = listener.context.engine.now();
    if (before > 0) partial.append(memory, at, end);
    const from = before > 0 ? partial.start : at;
    const until = before > 0 ? partial.end : end;
    const head = worker.requestHead;
    const length = parseRequestHead(memory.bytes, from, until, listener.spec.limits, head);
    if (length === 0) {
      if (before === 0 && partial.append(memory, at, end) === 0)
        this.#begin().reject("OVERLOADED", "no buffer is free");
      else if (this.#state === State.IDLE) {
        this.#state = State.HEAD;
        this.#deadline.set(this.requestAt + listener.spec.timeouts.headerMs);
      }
      return end;
    }
    const exchange = this.#begin();
    if (length < 0) {
      listener.context.metrics[W.PARSE_ERRORS]++;
      partial.drop(memory);
      exchange.reject(PARSE_ERRORS[-1 - length], head.reason);
      return end;
    }
    // Of joined bytes only the head is used; what follows it is read where it arrived.
    const joined = before > 0 ? partial.detach() : -1;
    const next = exchange.begin(head, buffer, at + length - before, end);
    if (joined >= 0) memory.release(joined);
    return next;
  }

  #begin(): Exchange {
    this.#state = State.EXCHANGE;
    this.#deadline.clear();
    const exchange = this.listener.worker.takeExchange();
    this.#exchange = exchange;
    exchange.start(this);
    return exchange;
  }

  #wantsData(): boolean {
    if (this.#state <= State.HEAD) return !this.conn.congested;
    return this.#state !== State.EXCHANGE || this.#exchange!.takesBody;
  }

  /** Keeps what nobody can take now. A chunk that is handed out again goes back to the front. */
  #hold(buffer: number, start: number, end: number): void {
    if (this.#held === undefined) this.#held = new SendQueue();
    this.listener.context.engine.memory.retain(buffer);
    if (this.#reading) this.#held.unshift(buffer, start, end);
    else this.#held.push(buffer, start, end);
    this.conn.pause();
  }

  #discard(): void {
    if (this.#state !== State.CLOSED && this.#pace.receivedSince > LINGER_BYTES) this.#endLinger();
  }

  /** Sends FIN and waits a little for the client's: closing with unread data would destroy the answer on its way. */
  #linger(): void {
    if (this.#state >= State.LINGER) return;
    this.#state = State.LINGER;
    const { memory } = this.listener.context.engine;
    this.#partial.drop(memory);
    this.#held?.clear(memory);
    if (!this.#breaks) this.conn.end();
    this.conn.resume();
    this.#pace.markReceived();
    this.#pace.unwatch();
    this.#deadline.set(this.listener.context.engine.now() + LINGER_MS);
  }

  #expire(): void {
    const { engine } = this.listener.context;
    switch (this.#state) {
      case State.IDLE:
        this.#linger();
        break;
      case State.HEAD:
        this.#partial.drop(engine.memory);
        this.#begin().reject("HEADER_TIMEOUT", "the request header did not arrive in time");
        break;
      case State.EXCHANGE:
        this.#expireExchange(engine.now());
        break;
      case State.LINGER:
        this.#expireLinger();
        break;
    }
  }

  #expireExchange(now: number): void {
    const exchange = this.#exchange!;
    if (now >= this.#totalAt) {
      exchange.onTotalTimeout();
      return;
    }
    const pace = this.#pace;
    if (now >= pace.nextAt) {
      if (exchange.takesBody && pace.sendsTooSlowly) {
        exchange.onBodyTimeout();
        return;
      }
      if (pace.readsTooSlowly) {
        this.abort("CLIENT_TOO_SLOW");
        return;
      }
      pace.mark();
    }
    this.#deadline.set(Math.min(this.#totalAt, pace.nextAt));
  }

  /** A client that is still reading its answer gets all of it. */
  #expireLinger(): void {
    const pace = this.#pace;
    if (this.conn.unsent === 0 || (pace.isWatched && pace.readsTooSlowly)) {
      this.#endLinger();
      return;
    }
    pace.markRead();
    this.#deadline.set(pace.nextAt);
  }

  #endLinger(): void {
    if (this.#breaks) this.conn.reset();
    else this.conn.destroy();
    this.#dispose();
  }

  #identify(): void {
    const { peer } = this.conn;
    const host = peer === undefined || peer.family === "unix" ? "" : peer.host;
    this.#fields = this.listener.worker.clientFields(host);
    this.#trusted = host !== "" && this.listener.trusted.has(host);
  }

  #dispose(): void {
    if (this.#state === State.CLOSED) return;
    this.#state = State.CLOSED;
    const { context } = this.listener;
    this.#deadline.dispose();
    this.#partial.drop(context.engine.memory);
    this.#held?.clear(context.engine.memory);
    this.listener.downstreams.delete(this);
    context.metrics[this.listener.metrics + L.OPEN]--;
    context.connectionEnded();
  }
}
