/**
 * The io_uring engine: everything is a submission (accept, receive, send, connect, close), a turn of the loop is one
 * system call. Multishot accept and receive stay armed; received data lies in provided buffers of `Memory`, and
 * sends go straight from there.
 */
// Imported, because as a global it would be looked up at every use.
import { performance } from "node:perf_hooks";
import { Timer, TimerWheel } from "../../base/timer-wheel.js";
import type { Address } from "../../model/address.js";
import {
  type Acceptor,
  Close,
  type CloseReason,
  type Conn,
  type ConnHandler,
  type Engine,
  type EngineOptions,
  type EngineStats,
  type Listening,
} from "../engine.js";
import { BUFFER_SIZE, HEADROOM, type Memory } from "../memory.js";
import { BusyClock } from "../native/busy-clock.js";
import { rememberOpen } from "../native/descriptors.js";
import { CQE_BUFFER, CQE_MORE, Ring } from "../native/io-uring.js";
import { close, Errno, mapMemory, shutdown } from "../native/libc.js";
import { encodeSockaddr, SOCKADDR_BYTES } from "../native/sockaddr.js";
import { bindSocket, clearEvent, hasUnread, lingerReset, openEvent, openSocket } from "../native/sockets.js";
import { createStats } from "../stats.js";
import { UNHANDLED } from "../unhandled.js";
import { BufferStock } from "./buffer-stock.js";
import { CloseReports } from "./close-reports.js";
import { Coalescing } from "./coalescing.js";
import { ConnTable } from "./conn-table.js";
import {
  Kind,
  POLL_ERROR,
  POLL_HANGUP,
  RECEIVE_POLL_FIRST,
  SLOT_MASK,
  submitCancel,
  submitClose,
  submitConnect,
  submitHangup,
  submitReceive,
  submitWake,
} from "./submissions.js";
import { UringConn } from "./uring-conn.js";
import { UringListening } from "./uring-listening.js";
import { UringSender } from "./uring-sender.js";

/** Entries are used in turn: few, so that the queue stays in the CPU's cache. When it is full it is submitted. */
const SQ_ENTRIES = 256;
/** The fewest with which the kernel makes its largest table (256 buckets) of operations that can be cancelled. */
const CQ_ENTRIES = 8192;

const SOCKADDR_SLOTS = 512;
const SHUT_WR = 1;
const SHUT_RDWR = 2;

export class UringEngine implements Engine {
  readonly kind = "io_uring";
  readonly memory: Memory;
  readonly timers: TimerWheel;
  readonly stats: EngineStats = createStats();
  readonly wakeFd: number;
  onWake: () => void = () => {};
  readonly #options: EngineOptions;
  readonly #ring: Ring;
  /** @internal */ readonly stock: BufferStock;
  /** @internal */ readonly sender: UringSender;
  readonly #table = new ConnTable();
  readonly #listeners: (UringListening | undefined)[] = [];
  /** Socket addresses of connects: read by the kernel at submission, so a rotating set of places is enough. */
  readonly #addresses = mapMemory(SOCKADDR_SLOTS * SOCKADDR_BYTES);
  #nextAddress = 0;
  readonly #busy = new BusyClock();
  readonly #coalescing: Coalescing;
  /** Connections to report as closed after this batch of completions. */
  readonly #reports = new CloseReports();
  #now: number;
  #stopped = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.memory = options.memory;
    this.#now = performance.now();
    this.timers = new TimerWheel(this.#now);
    this.#ring = new Ring(SQ_ENTRIES, CQ_ENTRIES);
    this.sender = new UringSender(this, this.#ring, options);
    this.stock = new BufferStock(this.#ring, options.memory, options.highWaterBytes);
    this.#coalescing = new Coalescing(() => this.#busy.read(), this.#now);
    this.wakeFd = openEvent();
    this.#armWake();
  }

  now(): number {
    return this.#now;
  }

  listen(at: Address, accept: Acceptor): Listening {
    const bound = bindSocket(at, this.#options.backlog, this.#options.reusePort, 0);
    const listening = new UringListening(this, this.#ring, bound, accept, this.#listeners.length);
    this.#listeners.push(listening);
    return listening;
  }

  connect(to: Address, handler: ConnHandler, timeoutMs: number): Conn {
    const fd = openSocket(to, 0);
    const conn = this.#add(fd, handler);
    conn.connecting = true;
    if (fd < 0) {
      this.report(conn, Close.UNREACHABLE);
      return conn;
    }
    const offset = (this.#nextAddress = (this.#nextAddress + 1) % SOCKADDR_SLOTS) * SOCKADDR_BYTES;
    // A wrapped-around place may not have been submitted yet: make sure it has.
    if (offset === 0) this.#ring.submit();
    const length = encodeSockaddr(to, this.#addresses.bytes, offset);
    conn.operations++;
    submitConnect(this.#ring, fd, conn.slot, this.#addresses.base + offset, length);
    conn.connectTimer = new Timer(() => this.report(conn, Close.TIMEOUT));
    this.timers.set(conn.connectTimer, this.#now + timeoutMs);
    return conn;
  }

  run(): void {
    while (!this.#stopped) {
      this.stock.refill();
      this.stock.feed(this);
      const waitMs = this.#reports.waiting ? 0 : this.timers.untilNext(this.#now);
      const wanted = this.#coalescing.wanted(this.#ring.prompt);
      this.#ring.enter(waitMs, wanted, this.#coalescing.waitUs);
      this.stats.turns++;
      this.stats.syscalls++;
      this.#now = performance.now();
      if (this.#ring.canCoalesce && waitMs !== 0) this.#coalescing.onTurn(wanted, this.#ring.completions, this.#now);
      this.#drainCompletions();
      // After what has happened: a thread that was held up must not take for late what came in time.
      this.timers.advance(this.#now);
      if (this.#reports.waiting) this.#reports.deliver();
    }
    this.#release();
  }

  stop(): void {
    this.#stopped = true;
  }

  #drainCompletions(): void {
    const ring = this.#ring;
    const words = ring.words;
    const { conns } = this.#table;
    let head = words[ring.cqHead];
    const tail = words[ring.cqTail];
    while (head !== tail) {
      const at = ring.cqes + ((head & ring.cqMask) << 2);
      const user = words[at];
      const result = words[at + 2];
      const flags = words[at + 3];
      head = (head + 1) | 0;
      const slot = user & SLOT_MASK;
      switch (user >>> 24) {
        case Kind.RECEIVE:
          this.#onReceive(conns[slot]!, result, flags);
          break;
        case Kind.SEND:
          this.sender.onSent(conns[slot]!, result);
          break;
        case Kind.ACCEPT:
          this.#onAccept(slot, result, flags);
          break;
        case Kind.CONNECT:
          this.#onConnect(conns[slot]!, result);
          break;
        case Kind.HANGUP:
          this.#onHangup(conns[slot]!, result, flags);
          break;
        case Kind.WAKE:
          clearEvent(this.wakeFd);
          if ((flags & CQE_MORE) === 0) this.#armWake();
          this.onWake();
          break;
      }
    }
    words[ring.cqHead] = head;
  }

  #onReceive(conn: UringConn, result: number, flags: number): void {
    const more = (flags & CQE_MORE) !== 0;
    if (!more) {
      conn.operations--;
      conn.receiving = false;
      conn.cancelling = false;
    }
    if (result > 0) {
      const buffer = flags >>> 16;
      this.stock.used();
      if (!conn.closed) {
        const start = buffer * BUFFER_SIZE + HEADROOM;
        conn.handler.onData(buffer, start, start + result);
      }
      this.memory.release(buffer);
    } else {
      if ((flags & CQE_BUFFER) !== 0) {
        this.stock.used();
        this.memory.release(flags >>> 16);
      }
      if (!conn.closed) this.#onReceiveEnd(conn, result);
    }
    if (more) return;
    if (conn.closed) this.#table.retire(conn);
    else if (!conn.receiving) this.armReceive(conn);
  }

  #onReceiveEnd(conn: UringConn, result: number): void {
    if (result === 0) {
      conn.peerEnded = true;
      if (conn.broken) this.report(conn, Close.RESET);
      else {
        conn.handler.onEnd();
        if (conn.ended && !conn.closed) this.report(conn, Close.FINISHED);
        else if (!conn.closed) this.#watchHangup(conn);
      }
    } else if (result === -Errno.ENOBUFS) {
      this.stats.starved++;
      this.stock.starve(conn);
    } else if (result !== -Errno.ECANCELED && result !== -Errno.EINTR && result !== -Errno.EAGAIN) {
      this.report(conn, Close.RESET);
    }
  }

  /** After FIN and while paused nothing is received: without this a reset would go unnoticed until something is sent. */
  #watchHangup(conn: UringConn): void {
    if (conn.watching) return;
    conn.watching = true;
    conn.operations++;
    submitHangup(this.#ring, conn.fd, conn.slot);
  }

  #onHangup(conn: UringConn, result: number, flags: number): void {
    const more = (flags & CQE_MORE) !== 0;
    if (!more) {
      conn.operations--;
      conn.watching = false;
    }
    if (conn.closed) this.#table.retire(conn);
    // A hang-up without an error before the peer's FIN was received: both directions have ended in order.
    else if ((result & POLL_ERROR) !== 0 || ((result & POLL_HANGUP) !== 0 && conn.peerEnded)) {
      conn.broken = true;
      this.endBroken(conn);
    } else if (!more) this.#watchHangup(conn);
  }

  /**
   * @internal Reports a broken connection unless something is left to receive: what the peer sent before it broke the
   * connection comes first, if need be when the owner resumes.
   */
  endBroken(conn: UringConn): void {
    if (conn.peerEnded || (conn.paused && !conn.receiving && !hasUnread(conn.fd))) this.report(conn, Close.RESET);
  }

  #onAccept(slot: number, result: number, flags: number): void {
    const listening = this.#listeners[slot];
    if (listening !== undefined) listening.onAccept(result, flags);
    else if (result >= 0) close(result);
  }

  /** @internal An accepted descriptor becomes a connection without a handler yet. */
  adopt(fd: number): UringConn {
    rememberOpen(fd);
    this.stats.accepted++;
    return this.#add(fd, UNHANDLED);
  }

  /** @internal */
  forgetListening(slot: number): void {
    this.#listeners[slot] = undefined;
  }

  #onConnect(conn: UringConn, result: number): void {
    conn.operations--;
    if (conn.closed) {
      this.#table.retire(conn);
      return;
    }
    if (result < 0) {
      const refused = result === -Errno.ECONNREFUSED || result === -Errno.ENOENT;
      this.report(conn, refused ? Close.REFUSED : result === -Errno.ETIMEDOUT ? Close.TIMEOUT : Close.UNREACHABLE);
      return;
    }
    conn.cancelConnectTimer(this.timers);
    conn.connecting = false;
    this.stats.connected++;
    this.armReceive(conn, RECEIVE_POLL_FIRST);
    this.sender.flush(conn);
    if (!conn.closed) conn.handler.onOpen();
  }

  /** @internal Arms the multishot receive unless something stands against it. */
  armReceive(conn: UringConn, flags = 0): void {
    if (conn.receiving || conn.peerEnded || conn.connecting || conn.closed || conn.starved) return;
    if (conn.paused) {
      if (conn.broken) this.endBroken(conn);
      else this.#watchHangup(conn);
      return;
    }
    conn.receiving = true;
    conn.operations++;
    submitReceive(this.#ring, conn.fd, conn.slot, flags);
  }

  /** @internal */
  cancelReceive(conn: UringConn): void {
    if (!conn.receiving || conn.cancelling) return;
    conn.cancelling = true;
    submitCancel(this.#ring, Kind.RECEIVE, conn.slot);
  }

  /** @internal Everything queued is out and `end()` was called. */
  finishSending(conn: UringConn): void {
    if (conn.ended || conn.broken) return;
    conn.ended = true;
    if (conn.peerEnded || conn.finishing) this.report(conn, Close.FINISHED);
    else shutdown(conn.fd, SHUT_WR);
  }

  /** @internal Closes now; the handler hears of it at the end of this turn, unless it destroys the connection first. */
  report(conn: UringConn, reason: CloseReason): void {
    if (conn.closed) return;
    this.teardown(conn, false);
    this.#reports.add(conn, reason);
  }

  /** @internal */
  teardown(conn: UringConn, rst: boolean): void {
    conn.closed = true;
    this.stats.open--;
    conn.cancelConnectTimer(this.timers);
    this.sender.drop(conn);
    if (conn.fd >= 0) {
      if (rst) lingerReset(conn.fd);
      if (conn.operations > 0) this.#cancelOperations(conn);
      submitClose(this.#ring, conn.fd);
    }
    this.#table.retire(conn);
  }

  #cancelOperations(conn: UringConn): void {
    const { slot } = conn;
    this.cancelReceive(conn);
    if (!conn.isIdle) submitCancel(this.#ring, Kind.SEND, slot);
    if (conn.connecting) submitCancel(this.#ring, Kind.CONNECT, slot);
    if (conn.watching) submitCancel(this.#ring, Kind.HANGUP, slot);
  }

  /** @internal */
  retire(conn: UringConn): void {
    this.#table.retire(conn);
  }

  #add(fd: number, handler: ConnHandler): UringConn {
    const conn = new UringConn(this, fd, this.#table.nextSlot(), handler);
    this.#table.put(conn);
    this.stats.open++;
    return conn;
  }

  #armWake(): void {
    submitWake(this.#ring, this.wakeFd);
  }

  #release(): void {
    // Before any connection closes: no client must get in any more.
    for (const listening of this.#listeners) if (listening !== undefined) shutdown(listening.fd, SHUT_RDWR);
    for (const conn of this.#table.conns) {
      if (conn === undefined) continue;
      this.sender.abandon(conn);
      if (!conn.closed && conn.fd >= 0) close(conn.fd);
      conn.closed = true;
    }
    for (const listening of this.#listeners) if (listening !== undefined) close(listening.fd);
    // Closes that were queued but not submitted.
    this.#ring.submit();
    this.stock.release();
    this.#ring.close();
    this.#addresses.free();
    this.sender.free();
    this.#busy.free();
    close(this.wakeFd);
    this.stats.open = 0;
  }
}
