/**
 * Receiving, of all connections of one epoll engine, straight into `Memory`. Where the kernel has AIO, connections that have
 * something to read wait for each other and are read in one system call; their callbacks follow one after the other.
 */
import { Close, type EngineStats } from "../engine.js";
import { BUFFER_SIZE, HEADROOM, type Memory } from "../memory.js";
import { type Aio, NOT_DONE, Op } from "../native/aio.js";
import { Errno, errno, receive } from "../native/libc.js";
import { type EpollConn, State } from "./epoll-conn.js";
import type { EpollEngine } from "./epoll-engine.js";

const ROOM = BUFFER_SIZE - HEADROOM;
const NO_BUFFER = -1;
/** Buffers that one connection may fill before the others have their turn. */
const READS_PER_TURN = 4;
/** Readable, and nothing stands against reading. */
const MAY_READ_MASK = State.READABLE | State.PAUSED | State.PEER_ENDED | State.CLOSED | State.CONNECTING;

export class EpollReader {
  readonly #engine: EpollEngine;
  readonly #memory: Memory;
  readonly #stats: EngineStats;
  readonly #aio: Aio | undefined;
  /** Connections that wait to be read together: the first `#count` entries. It never shrinks. */
  readonly #batch: (EpollConn | undefined)[] = [];
  #count = 0;
  /** For each of them, into which buffer it is read. */
  readonly #buffers: Int32Array;
  /** Connections that wait for a buffer. */
  #starved: EpollConn[] = [];
  /** Buffers left to those who build messages. */
  readonly #reserve: number;

  constructor(engine: EpollEngine, aio: Aio | undefined) {
    this.#engine = engine;
    this.#memory = engine.memory;
    this.#stats = engine.stats;
    this.#aio = aio;
    this.#buffers = new Int32Array(aio === undefined ? 0 : aio.capacity);
    this.#reserve = engine.memory.count >> 3;
  }

  /** Reads and settles `conn`, at once or in `flush`. */
  serve(conn: EpollConn): void {
    // A batch takes many buffers before it gives any back.
    if (this.#aio === undefined || this.#engine.writer.isShort) this.#serveAlone(conn);
    else if (!mayRead(conn)) this.#engine.settle(conn);
    else {
      this.#batch[this.#count++] = conn;
      if (this.#count === this.#aio.capacity) this.flush();
    }
  }

  /** Reads and settles those that wait. */
  flush(): void {
    const count = this.#count;
    this.#count = 0;
    if (count === 1) this.#serveAlone(this.#take(0));
    else if (count > 1) this.#serveBatch(this.#aio!, count);
  }

  #serveAlone(conn: EpollConn): void {
    if (mayRead(conn)) this.#read(conn, READS_PER_TURN);
    this.#engine.settle(conn);
  }

  #serveBatch(aio: Aio, count: number): void {
    for (let i = 0; i < count; i++) this.#buffers[i] = this.#prepare(aio, this.#batch[i]!);
    this.#stats.syscalls++;
    aio.submit();
    let next = 0;
    for (let i = 0; i < count; i++) {
      const conn = this.#take(i);
      const buffer = this.#buffers[i];
      if (buffer !== NO_BUFFER) this.#onRead(conn, buffer, aio.results[next++]);
      if (!this.#engine.stopped) this.#engine.settle(conn);
    }
  }

  #take(index: number): EpollConn {
    const conn = this.#batch[index]!;
    this.#batch[index] = undefined;
    return conn;
  }

  /** Adds reading `conn` to the submission. Returns the buffer, or NO_BUFFER where it is not to be read. */
  #prepare(aio: Aio, conn: EpollConn): number {
    // Callbacks made since it came may have paused or closed it, and its descriptor may be that of another one now.
    if (!mayRead(conn)) return NO_BUFFER;
    const buffer = this.#alloc(conn);
    if (buffer !== NO_BUFFER) aio.add(Op.READ, conn.fd, this.#memory.base + dataStart(buffer), ROOM);
    return buffer;
  }

  /** @param result as in `Aio.results` */
  #onRead(conn: EpollConn, buffer: number, result: number): void {
    // An earlier callback of this batch may have closed it.
    if ((conn.state & State.CLOSED) !== 0 || this.#engine.stopped) this.#memory.release(buffer);
    else if (result > 0) {
      if (this.#deliver(conn, buffer, result)) this.#read(conn, READS_PER_TURN - 1);
    } else {
      this.#memory.release(buffer);
      // EAGAIN is rare, and may be outdated: writing may have found the connection broken meanwhile.
      if (result === NOT_DONE || result === -Errno.EAGAIN) this.#read(conn, READS_PER_TURN);
      else this.#onEnd(conn, -result);
    }
  }

  #read(conn: EpollConn, times: number): void {
    for (let i = 0; i < times; i++) {
      const buffer = this.#alloc(conn);
      if (buffer === NO_BUFFER) return;
      this.#stats.syscalls++;
      const length = receive(conn.fd, this.#memory.base + dataStart(buffer), ROOM, 0);
      if (length <= 0) {
        this.#memory.release(buffer);
        this.#onEnd(conn, length < 0 ? errno() : 0);
        return;
      }
      if (!this.#deliver(conn, buffer, length)) return;
    }
    this.#engine.schedule(conn);
  }

  /** Returns whether there may be more to read now. */
  #deliver(conn: EpollConn, buffer: number, length: number): boolean {
    const start = dataStart(buffer);
    // Less than there was room for: the kernel has no more, and a new event comes when it has (epoll(7)).
    const drained = length < ROOM && (conn.state & State.HANGUP) === 0;
    if (drained) conn.state &= ~State.READABLE;
    conn.handler.onData(buffer, start, start + length);
    this.#memory.release(buffer);
    return !drained && (conn.state & (State.CLOSED | State.PAUSED)) === 0;
  }

  /** @param code errno, or 0 for FIN */
  #onEnd(conn: EpollConn, code: number): void {
    if (code === Errno.EINTR) {
      this.#engine.schedule(conn);
      return;
    }
    conn.state &= ~(State.READABLE | State.HANGUP);
    if ((conn.state & State.BROKEN) !== 0) this.#engine.closeAndTell(conn, Close.RESET);
    else if (code === 0) {
      conn.state |= State.PEER_ENDED;
      conn.handler.onEnd();
    } else if (code !== Errno.EAGAIN) this.#engine.closeAndTell(conn, Close.RESET);
  }

  /** A buffer, or NO_BUFFER: then `conn` is served when there is one. */
  #alloc(conn: EpollConn): number {
    if (this.#memory.available > this.#reserve) return this.#memory.alloc();
    if ((conn.state & State.STARVED) === 0) {
      conn.state |= State.STARVED;
      this.#stats.starved++;
      this.#starved.push(conn);
    }
    return NO_BUFFER;
  }

  feedStarved(): void {
    // Each may free as much as it takes, so one buffer to spare is enough to let all try.
    if (this.#starved.length === 0 || this.#memory.available <= this.#reserve) return;
    for (const conn of this.#starved) {
      conn.state &= ~State.STARVED;
      this.#engine.schedule(conn);
    }
    this.#starved = [];
  }
}

function mayRead(conn: EpollConn): boolean {
  return (conn.state & MAY_READ_MASK) === State.READABLE;
}

function dataStart(buffer: number): number {
  return buffer * BUFFER_SIZE + HEADROOM;
}
