/**
 * Sending, of all connections of one io_uring engine: one operation at a time for each, straight from the buffers or, when
 * memory runs short, from copies outside them.
 */
import type { EngineOptions } from "../engine.js";
import type { Memory } from "../memory.js";
import type { Ring } from "../native/io-uring.js";
import { Errno } from "../native/libc.js";
import type { BufferOwner, SendQueue } from "../send-queue.js";
import { Gather } from "./gather.js";
import { Spill } from "./spill.js";
import { submitSend, submitSendMessage } from "./submissions.js";
import { NOTHING, type UringConn } from "./uring-conn.js";
import type { UringEngine } from "./uring-engine.js";

export class UringSender implements BufferOwner {
  readonly #engine: UringEngine;
  readonly #ring: Ring;
  readonly #memory: Memory;
  readonly #lowWaterBytes: number;
  readonly #spill = new Spill();
  readonly #gather: Gather;

  constructor(engine: UringEngine, ring: Ring, options: EngineOptions) {
    this.#engine = engine;
    this.#ring = ring;
    this.#memory = options.memory;
    this.#lowWaterBytes = options.lowWaterBytes;
    this.#gather = new Gather(ring);
  }

  /** Sends now, or after what the connection has in flight. Takes over one reference to `buffer`. */
  push(conn: UringConn, buffer: number, start: number, end: number): void {
    if (conn.isIdle && !conn.connecting) this.#start(conn, buffer, start, end);
    else conn.enqueue(buffer, start, end);
  }

  /** Copies a range out of the pool; returns a handle that stands for a buffer in which it begins at 0. */
  copy(start: number, end: number): number {
    return this.#spill.put(this.#memory.base + start, end - start);
  }

  /** Sends what waits. Only when nothing is in flight. */
  flush(conn: UringConn): void {
    const { queue } = conn;
    if (queue !== undefined && queue.count > 0) this.#startQueued(conn, queue);
    else if (conn.ending) this.#engine.finishSending(conn);
  }

  /** A send has completed. */
  onSent(conn: UringConn, result: number): void {
    const { gathered, queue, sendBuffer, sendStart, sendEnd } = conn;
    conn.operations--;
    conn.gathered = false;
    conn.sendBuffer = NOTHING;
    if (conn.closed) {
      if (gathered) queue!.clear(this);
      else this.release(sendBuffer);
      this.#engine.retire(conn);
      return;
    }
    if (result < 0 && result !== -Errno.EINTR) {
      if (!gathered) this.release(sendBuffer);
      this.#onError(conn);
      return;
    }
    const sent = Math.max(0, result);
    conn.unsent -= sent;
    if (gathered) queue!.consume(sent, this);
    else if (sendStart + sent === sendEnd) this.release(sendBuffer);
    else {
      this.#start(conn, sendBuffer, sendStart + sent, sendEnd);
      return;
    }
    this.flush(conn);
    if (conn.congested && conn.unsent <= this.#lowWaterBytes && !conn.closed) {
      conn.congested = false;
      conn.handler.onDrain();
    }
  }

  /** Drops what waits. What the kernel may still be sending from stays until its completion. */
  drop(conn: UringConn): void {
    if (!conn.gathered) conn.queue?.clear(this);
  }

  /** The engine stops: no completion comes any more. */
  abandon(conn: UringConn): void {
    if (conn.sendBuffer !== NOTHING) this.release(conn.sendBuffer);
    conn.queue?.clear(this);
  }

  free(): void {
    this.#gather.free();
  }

  /** Takes back a buffer or a handle. */
  release(buffer: number): void {
    if (buffer >= 0) this.#memory.release(buffer);
    else this.#spill.drop(buffer);
  }

  /** What the offsets of a buffer or handle are counted from. */
  addressOf(buffer: number): number {
    return buffer >= 0 ? this.#memory.base : this.#spill.addressOf(buffer);
  }

  #start(conn: UringConn, buffer: number, start: number, end: number): void {
    conn.sendBuffer = buffer;
    conn.sendStart = start;
    conn.sendEnd = end;
    conn.operations++;
    submitSend(this.#ring, conn.fd, conn.slot, this.addressOf(buffer) + start, end - start);
  }

  #startQueued(conn: UringConn, queue: SendQueue): void {
    if (queue.count === 1) {
      queue.shift();
      this.#start(conn, queue.buffer, queue.start, queue.end);
      return;
    }
    conn.gathered = true;
    conn.operations++;
    submitSendMessage(this.#ring, conn.fd, conn.slot, this.#gather.fill(queue, this));
  }

  /** What the peer sent before it broke the connection is still in the kernel: let the receive deliver it first. */
  #onError(conn: UringConn): void {
    conn.broken = true;
    conn.unsent = 0;
    conn.queue?.clear(this);
    this.#engine.endBroken(conn);
  }
}
