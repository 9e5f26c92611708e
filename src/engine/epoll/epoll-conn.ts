/**
 * One connection of the epoll engine. The socket is registered once, edge-triggered: `READABLE` and `BLOCKED` remember what
 * the last events and system calls said. Calls of the owner never call back: they only queue, and the engine's loop does
 * the rest after the callback.
 */
import type { Timer } from "../../base/timer-wheel.js";
import type { Address } from "../../model/address.js";
import type { CloseReason, Conn, ConnHandler } from "../engine.js";
import { localAddress, peerAddress } from "../native/sockets.js";
import { SendQueue } from "../send-queue.js";
import type { EpollEngine } from "./epoll-engine.js";
import { Overflow } from "./overflow.js";

/** Bits of `EpollConn.state`. */
export const State = {
  CONNECTING: 1,
  /** The kernel may have something to read: data, FIN or an error. */
  READABLE: 1 << 1,
  /** FIN or an error is in sight: read until it comes. */
  HANGUP: 1 << 2,
  PAUSED: 1 << 3,
  /** onEnd was called. */
  PEER_ENDED: 1 << 4,
  /** end() was called. */
  ENDING: 1 << 5,
  /** Everything was sent, and FIN after it (or close(2) will send it). */
  ENDED: 1 << 6,
  /** The kernel takes no more bytes until it says so. */
  BLOCKED: 1 << 7,
  /** The peer broke it. What it sent before is still delivered, then the connection is reported as reset. */
  BROKEN: 1 << 8,
  CLOSED: 1 << 9,
  /** In the engine's list of connections that have something to send after this callback. */
  DIRTY: 1 << 10,
  /** In the engine's list of connections to serve before it sleeps. */
  SCHEDULED: 1 << 11,
  /** In the engine's list of connections that wait for a buffer. */
  STARVED: 1 << 12,
  /** finish() was called: everything sent is the end. */
  FINISHING: 1 << 13,
} as const;

const CANNOT_SEND = State.CLOSED | State.ENDING | State.BROKEN;
const CANNOT_WRITE = State.CLOSED | State.BLOCKED | State.CONNECTING | State.DIRTY;

export class EpollConn implements Conn {
  handler: ConnHandler;
  unsent = 0;
  congested = false;
  /** @internal Bits of `State`. */
  state: number;
  /** @internal -1 where no socket could be had. */
  readonly fd: number;
  /** @internal Index in the engine's table; the generation tells a late event from one of the slot's next user. */
  readonly slot: number;
  readonly generation: number;
  /** @internal The oldest chunk that waits; -1 = none. Those behind it are in `queue`. */
  head = -1;
  headStart = 0;
  headEnd = 0;
  /** @internal */
  queue: SendQueue | undefined = undefined;
  /** @internal Older than `head`. */
  overflow: Overflow | undefined = undefined;
  /** @internal Why it has to be closed as soon as its handler may be called; -1 = it has not. */
  failure: CloseReason | -1 = -1;
  /** @internal While connecting. */
  connectTimer: Timer | undefined = undefined;
  readonly #engine: EpollEngine;
  #peer: Address | undefined = undefined;
  #local: Address | undefined = undefined;

  constructor(engine: EpollEngine, handler: ConnHandler, fd: number, slot: number, generation: number, state: number) {
    this.#engine = engine;
    this.handler = handler;
    this.fd = fd;
    this.slot = slot;
    this.generation = generation;
    this.state = state;
  }

  get peer(): Address | undefined {
    if (this.#peer === undefined && (this.state & State.CLOSED) === 0) this.#peer = peerAddress(this.fd);
    return this.#peer;
  }

  get local(): Address | undefined {
    if (this.#local === undefined && (this.state & State.CLOSED) === 0) this.#local = localAddress(this.fd);
    return this.#local;
  }

  send(buffer: number, start: number, end: number): void {
    if ((this.state & CANNOT_SEND) !== 0 || start === end) return;
    const engine = this.#engine;
    engine.memory.retain(buffer);
    this.unsent += end - start;
    if (this.head < 0) {
      this.head = buffer;
      this.headStart = start;
      this.headEnd = end;
    } else {
      if (this.queue === undefined) this.queue = new SendQueue();
      this.queue.push(buffer, start, end);
    }
    if ((this.state & CANNOT_WRITE) === 0) engine.writer.markDirty(this);
    else if ((this.state & (State.BLOCKED | State.CONNECTING)) !== 0 && engine.writer.isShort) this.spill();
    if (this.unsent > engine.options.highWaterBytes) this.#crowd();
  }

  pause(): void {
    this.state |= State.PAUSED;
    if ((this.state & State.BROKEN) !== 0) this.#engine.schedule(this);
  }

  resume(): void {
    if ((this.state & State.PAUSED) === 0) return;
    this.state &= ~State.PAUSED;
    if ((this.state & State.READABLE) !== 0) this.#engine.schedule(this);
  }

  end(): void {
    if ((this.state & CANNOT_SEND) !== 0) return;
    this.state |= State.ENDING;
    if ((this.state & CANNOT_WRITE) === 0) this.#engine.writer.markDirty(this);
  }

  finish(): void {
    if ((this.state & CANNOT_SEND) !== 0) return;
    this.state |= State.FINISHING;
    this.end();
  }

  destroy(): void {
    if ((this.state & State.CLOSED) === 0) this.#engine.teardown(this, false);
  }

  reset(): void {
    if ((this.state & State.CLOSED) === 0) this.#engine.teardown(this, true);
  }

  /** Much was sent in one callback: what the kernel takes now does not count. */
  #crowd(): void {
    if ((this.state & State.BLOCKED) === 0) this.#engine.writer.write(this);
    if (this.unsent > this.#engine.options.highWaterBytes) this.congested = true;
  }

  /** @internal Takes `count` sent bytes off what waits. */
  consume(count: number): void {
    this.unsent -= count;
    let left = count;
    const overflow = this.overflow;
    if (overflow !== undefined && overflow.length > 0) {
      const taken = Math.min(left, overflow.length);
      overflow.consume(taken);
      left -= taken;
    }
    while (left > 0) {
      const length = this.headEnd - this.headStart;
      if (left < length) {
        this.headStart += left;
        return;
      }
      left -= length;
      this.#dropFirst();
    }
  }

  /** @internal Moves what waits out of the pool. */
  spill(): void {
    if (this.overflow === undefined) this.overflow = new Overflow();
    const base = this.#engine.memory.base;
    while (this.head >= 0) {
      this.overflow.append(base + this.headStart, this.headEnd - this.headStart);
      this.#dropFirst();
    }
  }

  /** @internal Forgets what waits. */
  dropUnsent(): void {
    this.overflow?.free();
    while (this.head >= 0) this.#dropFirst();
    this.unsent = 0;
  }

  #dropFirst(): void {
    this.#engine.memory.release(this.head);
    const queue = this.queue;
    if (queue !== undefined && queue.count > 0) {
      queue.shift();
      this.head = queue.buffer;
      this.headStart = queue.start;
      this.headEnd = queue.end;
    } else this.head = -1;
  }
}
