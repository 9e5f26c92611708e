/**
 * The io_uring engine: everything is a submission (accept, receive, send, connect, shutdown, close), a turn of the loop is
 * one system call. Multishot accept and receive stay armed; received data lies in provided buffers of `Memory`, and
 * sends go straight from there.
 */
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
import { rememberOpen } from "../native/descriptors.js";
import { CQE_BUFFER, CQE_MORE, Ring } from "../native/io-uring.js";
import { close, Errno, mapMemory, shutdown } from "../native/libc.js";
import { encodeSockaddr, SOCKADDR_BYTES } from "../native/sockaddr.js";
import { bindSocket, clearEvent, lingerReset, openEvent, openSocket } from "../native/sockets.js";
import type { SendQueue } from "../send-queue.js";
import { createStats } from "../stats.js";
import { UNHANDLED } from "../unhandled.js";
import { BufferStock } from "./buffer-stock.js";
import { CloseReports } from "./close-reports.js";
import { ConnTable } from "./conn-table.js";
import { Gather } from "./gather.js";
import { Spill } from "./spill.js";
import {
  Kind,
  POLL_BROKEN,
  RECEIVE_POLL_FIRST,
  SLOT_MASK,
  submitCancelReceive,
  submitClose,
  submitConnect,
  submitHangup,
  submitReceive,
  submitSend,
  submitSendMessage,
  submitWake,
} from "./submissions.js";
import { NOTHING, UringConn } from "./uring-conn.js";
import { UringListening } from "./uring-listening.js";

const SQ_ENTRIES = 4096;
const CQ_ENTRIES = 16_384;

const SOCKADDR_SLOTS = 512;
const SHUT_WR = 1;

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
  readonly #spill = new Spill();
  readonly #gather: Gather;
  readonly #table = new ConnTable();
  readonly #listeners: (UringListening | undefined)[] = [];
  /** Socket addresses of connects: read by the kernel at submission, so a rotating set of places is enough. */
  readonly #addresses = mapMemory(SOCKADDR_SLOTS * SOCKADDR_BYTES);
  #nextAddress = 0;
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
    this.#gather = new Gather(this.#ring);
    this.stock = new BufferStock(this.#ring, options.memory, options.highWaterBytes);
    this.wakeFd = openEvent();
    this.#armWake();
  }

  now(): number {
    return this.#now;
  }

  /** @internal Returns a handle in place of a buffer. */
  spill(start: number, end: number): number {
    return this.#spill.put(this.memory.base + start, end - start);
  }

  /** @internal What the offsets of a buffer or handle are counted from. */
  addressOf(buffer: number): number {
    return buffer >= 0 ? this.memory.base : this.#spill.addressOf(buffer);
  }

  /** @internal Takes back what `startSend` or a queue held. */
  release(buffer: number): void {
    if (buffer >= 0) this.memory.release(buffer);
    else this.#spill.drop(buffer);
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
      const fed = this.stock.refill();
      if (fed !== undefined) for (const conn of fed) this.armReceive(conn);
      const waitMs = this.#reports.waiting ? 0 : this.timers.untilNext(this.#now);
      this.#ring.enter(waitMs);
      this.stats.turns++;
      this.stats.syscalls++;
      this.#now = performance.now();
      this.timers.advance(this.#now);
      this.#drainCompletions();
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
          this.#onSend(conns[slot]!, result);
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

  /** Nothing is received any more after FIN: without this a reset would go unnoticed until something is sent. */
  #watchHangup(conn: UringConn): void {
    conn.operations++;
    submitHangup(this.#ring, conn.fd, conn.slot);
  }

  #onHangup(conn: UringConn, result: number, flags: number): void {
    if ((flags & CQE_MORE) === 0) conn.operations--;
    if (conn.closed) this.#table.retire(conn);
    else if ((result & POLL_BROKEN) !== 0) this.report(conn, Close.RESET);
    else if ((flags & CQE_MORE) === 0) this.#watchHangup(conn);
  }

  #onSend(conn: UringConn, result: number): void {
    conn.operations--;
    const { gathered, queue, sendBuffer, sendStart, sendEnd } = conn;
    conn.gathered = false;
    conn.sendBuffer = NOTHING;
    if (conn.closed) {
      if (gathered) queue!.clear(this);
      else this.release(sendBuffer);
      this.#table.retire(conn);
      return;
    }
    if (result < 0 && result !== -Errno.EINTR) {
      if (!gathered) this.release(sendBuffer);
      this.#onSendError(conn);
      return;
    }
    const sent = Math.max(0, result);
    conn.unsent -= sent;
    if (gathered) queue!.consume(sent, this);
    else if (sendStart + sent === sendEnd) this.release(sendBuffer);
    else {
      this.startSend(conn, sendBuffer, sendStart + sent, sendEnd);
      return;
    }
    if (queue !== undefined && queue.count > 0) this.#sendQueued(conn, queue);
    else if (conn.ending) this.finishSending(conn);
    if (conn.congested && conn.unsent <= this.#options.lowWaterBytes && !conn.closed) {
      conn.congested = false;
      conn.handler.onDrain();
    }
  }

  /** What the peer sent before it broke the connection is still in the kernel: let the receive deliver it first. */
  #onSendError(conn: UringConn): void {
    conn.broken = true;
    conn.unsent = 0;
    conn.queue?.clear(this);
    if (conn.peerEnded || !conn.receiving) this.report(conn, Close.RESET);
  }

  #sendQueued(conn: UringConn, queue: SendQueue): void {
    if (queue.count === 1) {
      queue.shift();
      this.startSend(conn, queue.buffer, queue.start, queue.end);
      return;
    }
    conn.gathered = true;
    conn.operations++;
    submitSendMessage(this.#ring, conn.fd, conn.slot, this.#gather.fill(queue, this));
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
    const queue = conn.queue;
    if (queue !== undefined && queue.count > 0) this.#sendQueued(conn, queue);
    else if (conn.ending) this.finishSending(conn);
    if (!conn.closed) conn.handler.onOpen();
  }

  /** @internal Takes over one reference to `buffer`. */
  startSend(conn: UringConn, buffer: number, start: number, end: number): void {
    conn.sendBuffer = buffer;
    conn.sendStart = start;
    conn.sendEnd = end;
    conn.operations++;
    submitSend(this.#ring, conn.fd, conn.slot, this.addressOf(buffer) + start, end - start);
  }

  /** @internal Arms the multishot receive unless something stands against it. */
  armReceive(conn: UringConn, flags = 0): void {
    if (conn.receiving || conn.paused || conn.peerEnded || conn.connecting || conn.closed || conn.starved) return;
    conn.receiving = true;
    conn.operations++;
    submitReceive(this.#ring, conn.fd, conn.slot, flags);
  }

  /** @internal */
  cancelReceive(conn: UringConn): void {
    if (!conn.receiving || conn.cancelling) return;
    conn.cancelling = true;
    submitCancelReceive(this.#ring, conn.slot);
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
    // The kernel may still be sending from what was gathered.
    if (!conn.gathered) conn.queue?.clear(this);
    if (conn.fd >= 0) {
      if (rst) lingerReset(conn.fd);
      submitClose(this.#ring, conn.fd, conn.operations > 0);
    }
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
    for (const conn of this.#table.conns) {
      if (conn === undefined) continue;
      if (conn.sendBuffer !== NOTHING) this.release(conn.sendBuffer);
      conn.queue?.clear(this);
      if (!conn.closed && conn.fd >= 0) close(conn.fd);
      conn.closed = true;
    }
    for (const listening of this.#listeners) if (listening !== undefined) close(listening.fd);
    // Closes that were queued but not submitted.
    this.#ring.submit();
    this.stock.release();
    this.#ring.close();
    this.#addresses.free();
    this.#gather.free();
    close(this.wakeFd);
    this.stats.open = 0;
  }
}
