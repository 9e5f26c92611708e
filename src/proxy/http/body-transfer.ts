/**
 * One message body on its way from one connection to the other: reads the sender's framing and forwards. Bytes go out
 * as they came wherever that is possible; framing that is forwarded was validated byte by byte, all other is written here.
 */
import type { Code } from "../../base/errors.js";
import { BUFFER_SIZE, type Memory } from "../../engine/memory.js";
import type { HttpLimits } from "../../model/spec.js";
import {
  writeChunkHeader,
  writeCrlf,
  writeLastChunk,
  writeLastChunkWithTrailers,
} from "../../wire/http1/chunk-writer.js";
import { ChunkedDecoder } from "../../wire/http1/chunked-decoder.js";
import { Body, type BodyKind } from "../../wire/http1/head.js";

/** Where bytes go: a connection, or what keeps them for one. Retains what it keeps. */
export interface ByteSink {
  send(buffer: number, start: number, end: number): void;
}

/** Looks at trailers before they go on. */
export interface TrailerFilter {
  /** @param bytes `[0, length)`: whole field lines, each with its CRLF. Returns the length of what is left at the front. */
  filter(bytes: Uint8Array, length: number): number;
}

export class BodyTransfer {
  /** The body is complete. */
  done = true;
  /** The sender broke the framing or a limit, or no buffer was free: why, else undefined. */
  fault: Code | undefined = undefined;
  /** After `take`: the taken bytes go out unchanged; else `emit` them. */
  asIs = true;
  /** Body bytes so far, without framing. */
  bytes = 0;
  /** Bytes that went out so far, with framing. */
  sent = 0;
  /** Set by the owner for one body, after `begin`. */
  trailerFilter: TrailerFilter | undefined = undefined;
  readonly #decoder = new ChunkedDecoder();
  #from: BodyKind = Body.NONE;
  /** Goes out as chunks. */
  #chunked = false;
  #remaining = 0;
  #maxBytes = 0;

  /**
   * @param from how the sender delimits the body
   * @param chunked how it goes out where the sender gives no length: as chunks, or (to HTTP/1.0) raw until close
   */
  begin(from: BodyKind, contentLength: number, chunked: boolean, limits: HttpLimits): void {
    this.#from = from;
    this.#chunked = chunked;
    this.#remaining = contentLength;
    this.#maxBytes = limits.maxBodyBytes;
    this.bytes = 0;
    this.sent = 0;
    this.fault = undefined;
    this.asIs = true;
    this.trailerFilter = undefined;
    this.done = from === Body.NONE || (from === Body.LENGTH && contentLength === 0);
    if (from === Body.CHUNKED) this.#decoder.reset(limits);
  }

  /** Reads from `[start, end)`: returns how many bytes were used, at least one unless there is a fault or it is done. */
  take(bytes: Uint8Array, start: number, end: number): number {
    if (this.#from === Body.LENGTH) {
      const taken = Math.min(this.#remaining, end - start);
      this.#remaining -= taken;
      this.bytes += taken;
      this.done = this.#remaining === 0;
      return taken;
    }
    if (this.#from === Body.CHUNKED) return this.#takeChunked(bytes, start, end);
    if (this.#from !== Body.CLOSE) return 0;
    this.bytes += end - start;
    this.asIs = !this.#chunked;
    return end - start;
  }

  /** Sends what the last `take` used of `buffer`, where it does not go as it is. */
  emit(memory: Memory, sink: ByteSink, buffer: number, start: number, end: number): void {
    if (this.#from === Body.CLOSE) this.#emitChunk(memory, sink, start, end);
    else if (!this.#chunked) {
      const { ranges, rangeCount } = this.#decoder;
      for (let i = 0; i < rangeCount; i++) this.#send(sink, buffer, ranges[2 * i], ranges[2 * i + 1]);
    } else if (this.done) this.#emitEnd(memory, sink);
  }

  /** `take` and send until `end`, the body's end or a fault; returns the offset of the first unused byte. */
  forward(memory: Memory, sink: ByteSink, buffer: number, start: number, end: number): number {
    let at = start;
    while (at < end && !this.done) {
      const taken = this.take(memory.bytes, at, end);
      if (this.fault !== undefined) break;
      if (this.asIs) this.#send(sink, buffer, at, at + taken);
      else this.emit(memory, sink, buffer, at, at + taken);
      at += taken;
    }
    return at;
  }

  /** The sender closed its side: true if that ends the body in order (but see `fault`), false if it cut it short. */
  finish(memory: Memory, sink: ByteSink): boolean {
    if (this.done) return true;
    if (this.#from !== Body.CLOSE) return false;
    this.done = true;
    if (this.#chunked) this.#emitEnd(memory, sink);
    return true;
  }

  #takeChunked(bytes: Uint8Array, start: number, end: number): number {
    const decoder = this.#decoder;
    const taken = decoder.decode(bytes, start, end);
    this.bytes = decoder.bodyBytes;
    this.done = decoder.done;
    this.asIs = this.#chunked && decoder.verbatim;
    if (decoder.fault !== undefined) this.fault = decoder.fault;
    else if (this.bytes > this.#maxBytes) this.fault = "BODY_TOO_LARGE";
    else if (decoder.trailerLength > 0 && this.trailerFilter !== undefined) {
      decoder.trailerLength = this.trailerFilter.filter(decoder.trailers, decoder.trailerLength);
    }
    return taken;
  }

  /** A received range is at most a buffer less its headroom: size line and CRLF fit beside a copy. */
  #emitChunk(memory: Memory, sink: ByteSink, start: number, end: number): void {
    const copy = this.#alloc(memory);
    if (copy < 0) return;
    const { bytes } = memory;
    const at = copy * BUFFER_SIZE;
    const data = writeChunkHeader(bytes, at, end - start);
    bytes.copyWithin(data, start, end);
    this.#send(sink, copy, at, writeCrlf(bytes, data + end - start));
    memory.release(copy);
  }

  #emitEnd(memory: Memory, sink: ByteSink): void {
    const copy = this.#alloc(memory);
    if (copy < 0) return;
    const at = copy * BUFFER_SIZE;
    const { trailers, trailerLength } = this.#decoder;
    const hasTrailers = this.#from === Body.CHUNKED && trailerLength > 0;
    const end = hasTrailers
      ? writeLastChunkWithTrailers(memory.bytes, at, trailers, trailerLength)
      : writeLastChunk(memory.bytes, at);
    this.#send(sink, copy, at, end);
    memory.release(copy);
  }

  #send(sink: ByteSink, buffer: number, start: number, end: number): void {
    sink.send(buffer, start, end);
    this.sent += end - start;
  }

  #alloc(memory: Memory): number {
    const buffer = memory.alloc();
    if (buffer < 0) this.fault = "OVERLOADED";
    return buffer;
  }
}
