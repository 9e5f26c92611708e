/**
 * The epoll engine: non-blocking sockets, each registered once and edge-triggered. A turn of its loop learns what is readable,
 * reads it, and writes what the callbacks sent when all of them were made.
 */
// Imported, because as a global it would be looked up at every use.
import { performance } from "node:perf_hooks";
import { LbError } from "../../base/errors.js";
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
import type { Memory } from "../memory.js";
import type { Aio } from "../native/aio.js";
import { rememberOpen } from "../native/descriptors.js";
import * as native from "../native/epoll.js";
import { close, Errno, errno, mapMemory } from "../native/libc.js";
import {
  bindSocket,
  clearEvent,
  connectSocket,
  hasUnread,
  lingerReset,
  openEvent,
  openSocket,
  SOCK_NONBLOCK,
  socketError,
} from "../native/sockets.js";
import { createStats } from "../stats.js";
import { UNHANDLED } from "../unhandled.js";
import { EpollConn, State } from "./epoll-conn.js";
import { EpollListening } from "./epoll-listening.js";
import { EpollReader } from "./epoll-reader.js";
import { EpollWriter } from "./epoll-writer.js";

const MAX_EVENTS = 512;
/** User data of an event: a slot and its generation, or one of these in place of the generation. */
const LISTENER = -1;
const WAKE = -2;

export class EpollEngine implements Engine {
  readonly kind = "epoll";
  readonly memory: Memory;
  readonly timers: TimerWheel;
  readonly stats: EngineStats = createStats();
  readonly wakeFd: number;
  onWake: () => void = () => {};
  /** @internal */ readonly options: EngineOptions;
  readonly #epoll: number;
  /** The events of one epoll_wait, and behind them one event for epoll_ctl. */
  readonly #page = mapMemory((MAX_EVENTS + 1) * native.EVENT_INTS * 4);
  readonly #events: Int32Array;
  /** @internal */ readonly writer: EpollWriter;
  readonly #reader: EpollReader;
  readonly #aio: Aio | undefined;
  readonly #conns: (EpollConn | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #listenings: (EpollListening | undefined)[] = [];
  #generation = 0;
  #scheduled: EpollConn[] = [];
  #serving: EpollConn[] = [];
  #now = performance.now();
  /** @internal No callback must be made any more. */
  stopped = false;

  /** @param aio for as many reads or writes as possible per system call; the engine closes it */
  constructor(options: EngineOptions, aio: Aio | undefined) {
    this.options = options;
    this.memory = options.memory;
    this.timers = new TimerWheel(this.#now);
    this.#events = new Int32Array(this.#page.bytes.buffer, 0, (MAX_EVENTS + 1) * native.EVENT_INTS);
    this.#aio = aio;
    this.writer = new EpollWriter(options, this.stats, aio, (conn) => this.schedule(conn));
    this.#reader = new EpollReader(this, aio);
    this.#epoll = native.epollCreate(native.EPOLL_CLOEXEC);
    rememberOpen(this.#epoll);
    if (this.#epoll < 0) throw new LbError("INTERNAL", `epoll_create1: errno ${errno()}`);
    this.wakeFd = openEvent();
    this.#add(this.wakeFd, native.EPOLLIN, 0, WAKE);
  }

  now(): number {
    return this.#now;
  }

  listen(at: Address, accept: Acceptor): Listening {
    const { backlog, reusePort } = this.options;
    const bound = bindSocket(at, backlog, reusePort, SOCK_NONBLOCK);
    const listening = new EpollListening(this, bound, accept, this.#listenings.length);
    this.#listenings.push(listening);
    this.watch(listening);
    return listening;
  }

  connect(to: Address, handler: ConnHandler, timeoutMs: number): Conn {
    const fd = openSocket(to, SOCK_NONBLOCK);
    const conn = this.#enter(fd, handler, State.CONNECTING);
    const code = fd < 0 ? errno() : connectSocket(fd, to);
    if (code !== 0 && code !== Errno.EINPROGRESS) {
      this.#fail(conn, connectFailure(code));
      return conn;
    }
    conn.connectTimer = new Timer(() => this.closeAndTell(conn, Close.TIMEOUT));
    this.timers.set(conn.connectTimer, this.#now + timeoutMs);
    this.#watchConn(conn);
    return conn;
  }

  run(): void {
    while (!this.stopped) {
      const waitMs = this.#scheduled.length > 0 ? 0 : Math.ceil(this.timers.untilNext(this.#now));
      const count = native.epollWait(this.#epoll, this.#page.base, MAX_EVENTS, waitMs);
      this.#now = performance.now();
      this.stats.turns++;
      this.stats.syscalls++;
      for (let i = 0; i < count && !this.stopped; i++) {
        this.#dispatch(i * native.EVENT_INTS);
        if (this.writer.isPressing) this.writer.writeDirty();
      }
      if (!this.stopped) this.#reader.flush();
      this.timers.advance(this.#now);
      this.writer.writeDirty();
      if (this.#scheduled.length > 0) {
        this.#serveScheduled();
        this.writer.writeDirty();
      }
      this.#reader.feedStarved();
    }
    this.#release();
  }

  stop(): void {
    this.stopped = true;
  }

  #dispatch(at: number): void {
    const events = this.#events[at];
    const slot = this.#events[at + native.EVENT_DATA];
    const generation = this.#events[at + native.EVENT_DATA + 1];
    if (generation >= 0) {
      const conn = this.#conns[slot];
      // An earlier callback of this batch may have closed the connection, and its slot may have a new user.
      if (conn !== undefined && conn.generation === generation) this.#onEvents(conn, events);
    } else if (generation === LISTENER) this.#listenings[slot]?.serve();
    else {
      clearEvent(this.wakeFd);
      this.onWake();
    }
  }

  #onEvents(conn: EpollConn, events: number): void {
    if ((events & (native.EPOLLERR | native.EPOLLHUP | native.EPOLLRDHUP)) !== 0) {
      conn.state |= State.READABLE | State.HANGUP;
    } else if ((events & native.EPOLLIN) !== 0) conn.state |= State.READABLE;
    if ((conn.state & State.CONNECTING) !== 0) this.#onConnected(conn, events);
    else if ((conn.state & State.BLOCKED) !== 0 && (events & native.EPOLLOUT) !== 0) {
      conn.state &= ~State.BLOCKED;
      this.writer.write(conn);
    } else if ((events & native.EPOLLERR) !== 0) this.writer.onBroken(conn);
    const gone = (events & (native.EPOLLERR | native.EPOLLHUP)) !== 0 && (conn.state & State.PEER_ENDED) !== 0;
    if (gone) this.closeAndTell(conn, Close.RESET);
    else this.#serve(conn);
  }

  #onConnected(conn: EpollConn, events: number): void {
    const code = (events & (native.EPOLLERR | native.EPOLLHUP)) !== 0 ? socketError(conn.fd) : 0;
    if (code !== 0) {
      this.closeAndTell(conn, connectFailure(code));
      return;
    }
    conn.state &= ~State.CONNECTING;
    this.#cancelConnectTimer(conn);
    this.stats.connected++;
    this.writer.write(conn);
    conn.handler.onOpen();
  }

  /** Makes the callbacks that are due, and reads, now or with others. */
  #serve(conn: EpollConn): void {
    if ((conn.state & State.CLOSED) !== 0) return;
    if (conn.failure >= 0) {
      this.closeAndTell(conn, conn.failure as CloseReason);
      return;
    }
    const drained = conn.congested && conn.unsent <= this.options.lowWaterBytes && (conn.state & State.BROKEN) === 0;
    if (drained) {
      conn.congested = false;
      conn.handler.onDrain();
    }
    this.#reader.serve(conn);
  }

  /** @internal What is due after reading. */
  settle(conn: EpollConn): void {
    const sent = (conn.state & State.ENDED) !== 0;
    if (sent && (conn.state & (State.PEER_ENDED | State.FINISHING)) !== 0) this.closeAndTell(conn, Close.FINISHED);
    else if ((conn.state & State.BROKEN) !== 0 && this.#hasNothingToRead(conn)) this.closeAndTell(conn, Close.RESET);
  }

  /** Reading would not find out that the connection is broken, or not before the owner resumes, and then nothing else. */
  #hasNothingToRead(conn: EpollConn): boolean {
    if ((conn.state & State.PEER_ENDED) !== 0) return true;
    return (conn.state & (State.PAUSED | State.CLOSED)) === State.PAUSED && !hasUnread(conn.fd);
  }

  /** @internal Has `conn` served before the engine sleeps. */
  schedule(conn: EpollConn): void {
    if ((conn.state & (State.SCHEDULED | State.CLOSED)) !== 0) return;
    conn.state |= State.SCHEDULED;
    this.#scheduled.push(conn);
  }

  /** Those that are scheduled meanwhile wait for the next turn, so that sockets with events have theirs. */
  #serveScheduled(): void {
    const serving = this.#scheduled;
    this.#scheduled = this.#serving;
    this.#serving = serving;
    for (let i = 0; i < serving.length && !this.stopped; i++) {
      const conn = serving[i];
      conn.state &= ~State.SCHEDULED;
      this.#serve(conn);
      if (this.writer.isPressing) this.writer.writeDirty();
    }
    if (!this.stopped) this.#reader.flush();
    serving.length = 0;
  }

  #fail(conn: EpollConn, reason: CloseReason): void {
    conn.failure = reason;
    this.schedule(conn);
  }

  /** @internal Does nothing if a callback closed it already. */
  closeAndTell(conn: EpollConn, reason: CloseReason): void {
    if ((conn.state & State.CLOSED) !== 0) return;
    this.teardown(conn, false);
    conn.handler.onClose(reason);
  }

  /** @internal */
  teardown(conn: EpollConn, rst: boolean): void {
    conn.state |= State.CLOSED;
    this.stats.open--;
    this.#cancelConnectTimer(conn);
    conn.dropUnsent();
    this.#conns[conn.slot] = undefined;
    this.#freeSlots.push(conn.slot);
    if (conn.fd < 0) return;
    if (rst) lingerReset(conn.fd);
    this.stats.syscalls++;
    close(conn.fd);
  }

  #cancelConnectTimer(conn: EpollConn): void {
    if (conn.connectTimer === undefined) return;
    this.timers.cancel(conn.connectTimer);
    conn.connectTimer = undefined;
  }

  /** @internal */
  adopt(fd: number): EpollConn {
    rememberOpen(fd);
    const conn = this.#enter(fd, UNHANDLED, 0);
    this.stats.accepted++;
    this.#watchConn(conn);
    return conn;
  }

  #enter(fd: number, handler: ConnHandler, state: number): EpollConn {
    const slot = this.#freeSlots.pop() ?? this.#conns.length;
    this.#generation = (this.#generation + 1) & 0x3fff_ffff;
    const conn = new EpollConn(this, handler, fd, slot, this.#generation, state);
    this.#conns[slot] = conn;
    this.stats.open++;
    return conn;
  }

  #watchConn(conn: EpollConn): void {
    const events = native.EPOLLIN | native.EPOLLOUT | native.EPOLLRDHUP | native.EPOLLET;
    this.#add(conn.fd, events, conn.slot, conn.generation);
  }

  /** @internal */
  watch(listening: EpollListening): void {
    this.#add(listening.fd, native.EPOLLIN, listening.index, LISTENER);
  }

  /** @internal */
  unwatch(listening: EpollListening): void {
    native.epollControl(this.#epoll, native.EPOLL_CTL_DEL, listening.fd, 0);
  }

  /** @internal */
  closeListening(listening: EpollListening): void {
    this.#listenings[listening.index] = undefined;
    close(listening.fd);
  }

  #add(fd: number, events: number, low: number, high: number): void {
    const at = MAX_EVENTS * native.EVENT_INTS;
    this.#events[at] = events;
    this.#events[at + native.EVENT_DATA] = low;
    this.#events[at + native.EVENT_DATA + 1] = high;
    this.stats.syscalls++;
    native.epollControl(this.#epoll, native.EPOLL_CTL_ADD, fd, this.#page.base + at * 4);
  }

  #release(): void {
    // Before any connection closes: no client must get in any more.
    for (const listening of this.#listenings) listening?.close();
    for (const conn of this.#conns) if (conn !== undefined) this.teardown(conn, false);
    close(this.#epoll);
    close(this.wakeFd);
    this.writer.free();
    this.#aio?.close();
    this.#page.free();
  }
}

function connectFailure(code: number): CloseReason {
  if (code === Errno.ECONNREFUSED || code === Errno.ENOENT || code === Errno.ECONNRESET) return Close.REFUSED;
  return code === Errno.ETIMEDOUT ? Close.TIMEOUT : Close.UNREACHABLE;
}
