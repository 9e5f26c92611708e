/**
 * The request as far as it came with its head, as it goes to the endpoint: rewritten for its route, and kept until the
 * response begins, so that a failed try can be repeated elsewhere.
 */
import type { Code } from "../../base/errors.js";
import type { Conn } from "../../engine/engine.js";
import { BUFFER_SIZE, type Memory } from "../../engine/memory.js";
import { SendQueue } from "../../engine/send-queue.js";
import type { HttpLimits } from "../../model/spec.js";
import type { RequestHead } from "../../wire/http1/head.js";
import { parseRequestHead } from "../../wire/http1/request-parser.js";
import type { ByteSink } from "./body-transfer.js";
import type { ClientSide } from "./client-side.js";
import type { ForwardRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";
import { sendMessage } from "./join-head.js";
import type { Mirroring } from "./mirror.js";
import { writeRequestHead } from "./request-writer.js";
import type { UpgradeRequest } from "./upgrade.js";

/** The head in flight is Plimsoll's own: a listener's limits do not apply to what was added to it. */
const LIMITS: HttpLimits = {
  maxLineBytes: BUFFER_SIZE,
  maxHeaderBytes: BUFFER_SIZE,
  maxHeaderCount: 1024,
  maxChunkExtensionBytes: 0,
  maxTrailerBytes: 0,
  maxBodyBytes: Number.POSITIVE_INFINITY,
};

export class Flight implements ByteSink {
  readonly #worker: HttpWorker;
  readonly #memory: Memory;
  readonly #chunks = new SendQueue();
  /** Of the first chunk. */
  #headLength = 0;

  constructor(worker: HttpWorker) {
    this.#worker = worker;
    this.#memory = worker.context.engine.memory;
  }

  /**
   * Takes the request; what follows its head is in `[start, end)` of `buffer`. Returns the offset of the first byte that
   * was not used, or why the request cannot be sent.
   */
  load(
    client: ClientSide,
    route: ForwardRoute,
    head: RequestHead,
    upgrade: UpgradeRequest,
    mirroring: Mirroring,
    buffer: number,
    start: number,
    end: number,
  ): number | Code {
    const memory = this.#memory;
    const { bytes } = memory;
    const out = memory.alloc();
    if (out < 0) return "OVERLOADED";
    upgrade.remember(bytes, head, route.upgrade);
    const request = this.#worker.requestContext;
    request.rules = client.downstream.listener.rules;
    request.client = client.downstream.clientFields;
    request.operations = route.requestOperations;
    request.rewrite = route.rewrite;
    request.rewriteHost = route.rewriteHost;
    request.expect = head.expectContinue;
    request.tunnel = upgrade.isAsked;
    const at = out * BUFFER_SIZE;
    const length = writeRequestHead(bytes, head, request, bytes, at, at + BUFFER_SIZE);
    if (length < 0) {
      memory.release(out);
      return "HEADERS_TOO_LARGE";
    }
    this.#headLength = length;
    // While the head that came is still there: the one that was written may take its place.
    mirroring.onHead(route, head, client.downstream, request);
    const next = sendMessage(memory, this, client.body, out, length, buffer, start, end);
    return client.body.fault ?? next;
  }

  /** @internal ByteSink */
  send(buffer: number, start: number, end: number): void {
    this.#memory.retain(buffer);
    this.#chunks.push(buffer, start, end);
  }

  /** Sends everything to `conn` and keeps it. Returns how many bytes that is. */
  sendTo(conn: Conn): number {
    const chunks = this.#chunks;
    let bytes = 0;
    for (let i = 0; i < chunks.count; i++) {
      chunks.peek(i);
      conn.send(chunks.buffer, chunks.start, chunks.end);
      bytes += chunks.end - chunks.start;
    }
    return bytes;
  }

  /** Sends what is behind the head to `sink`, and keeps it. */
  sendBodyTo(sink: ByteSink): void {
    const chunks = this.#chunks;
    for (let i = 0; i < chunks.count; i++) {
      chunks.peek(i);
      const start = i === 0 ? chunks.start + this.#headLength : chunks.start;
      if (start < chunks.end) sink.send(chunks.buffer, start, chunks.end);
    }
  }

  /** Parses the head that is kept into `out`: it tells what the client asked for. False where none is kept: then `out` stays as it is. */
  readHead(out: RequestHead): boolean {
    const chunks = this.#chunks;
    if (chunks.count === 0) return false;
    chunks.peek(0);
    return parseRequestHead(this.#memory.bytes, chunks.start, chunks.end, LIMITS, out) > 0;
  }

  clear(): void {
    this.#chunks.clear(this.#memory);
  }
}
