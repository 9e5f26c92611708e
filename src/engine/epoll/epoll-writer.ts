/**
 * Sending, of all connections of one epoll engine: what callbacks queue is written after them, that of one connection
 * gathered into one system call, and that of many connections in one go (in one system call, where the kernel has AIO): the
 * first write wakes the process at the other end, and the next find it awake. Never calls back: what follows from writing is
 * scheduled.
 */
import type { EngineOptions, EngineStats } from "../engine.js";
import type { Memory } from "../memory.js";
import { type Aio, Op } from "../native/aio.js";
import * as native from "../native/epoll.js";
import { Errno, errno, shutdown } from "../native/libc.js";
import { type EpollConn, State } from "./epoll-conn.js";
import { Gather } from "./gather.js";

/** Connections that may wait to be written while others are read. */
const BATCH = 64;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;
const MAY_NOT_WRITE = State.CLOSED | State.BLOCKED | State.CONNECTING | State.BROKEN;

export class EpollWriter {
  readonly #memory: Memory;
  readonly #lowWaterBytes: number;
  readonly #stats: EngineStats;
  readonly #aio: Aio | undefined;
  readonly #schedule: (conn: EpollConn) => void;
  readonly #gather: Gather;
  /** The first `#count` entries. It never shrinks: that would give its memory away for the next turn to get it back. */
  readonly #dirty: (EpollConn | undefined)[] = [];
  #count = 0;
  /** The connections of a submission, in its order. */
  readonly #submitted: (EpollConn | undefined)[] = [];

  /** @param schedule has a connection served before the engine sleeps */
  constructor(
    { memory, lowWaterBytes }: EngineOptions,
    stats: EngineStats,
    aio: Aio | undefined,
    schedule: (conn: EpollConn) => void,
  ) {
    this.#memory = memory;
    this.#lowWaterBytes = lowWaterBytes;
    this.#stats = stats;
    this.#aio = aio;
    this.#schedule = schedule;
    this.#gather = new Gather(memory.base);
  }

  /** Buffers run short: those who cannot send have to give theirs back. */
  get isShort(): boolean {
    return this.#memory.available * 2 < this.#memory.count;
  }

  /** So much waits, or so little memory is left, that writing should not wait for the end of the turn. */
  get isPressing(): boolean {
    return this.#count >= BATCH || (this.#count > 0 && this.isShort);
  }

  /** `conn` has something to send. */
  markDirty(conn: EpollConn): void {
    conn.state |= State.DIRTY;
    this.#dirty[this.#count++] = conn;
  }

  writeDirty(): void {
    const count = this.#count;
    const aio = count > 1 ? this.#aio : undefined;
    this.#count = 0;
    for (let i = 0; i < count; i++) {
      const conn = this.#dirty[i]!;
      this.#dirty[i] = undefined;
      conn.state &= ~State.DIRTY;
      if (aio === undefined || !this.#isSimple(conn)) this.write(conn);
      else this.#add(aio, conn);
    }
    if (aio !== undefined) this.#submit(aio);
  }

  /** One chunk waits and may be written. */
  #isSimple(conn: EpollConn): boolean {
    return (conn.state & MAY_NOT_WRITE) === 0 && conn.head >= 0 && !hasMore(conn);
  }

  #add(aio: Aio, conn: EpollConn): void {
    const { headStart, headEnd } = conn;
    this.#submitted[aio.count] = conn;
    // Without MSG_NOSIGNAL, which is not to be had here: Node ignores SIGPIPE.
    aio.add(Op.WRITE, conn.fd, this.#memory.base + headStart, headEnd - headStart);
    if (aio.count === aio.capacity) this.#submit(aio);
  }

  #submit(aio: Aio): void {
    const { count } = aio;
    if (count === 0) return;
    this.#stats.syscalls++;
    aio.submit();
    for (let i = 0; i < count; i++) {
      const conn = this.#submitted[i]!;
      this.#submitted[i] = undefined;
      const sent = aio.results[i];
      if (sent > 0) conn.consume(sent);
      // What was not written is tried once more, alone: it may be blocked, broken, or not have been done.
      this.write(conn);
    }
  }

  /** Gives the kernel what it takes. */
  write(conn: EpollConn): void {
    if ((conn.state & MAY_NOT_WRITE) !== 0) return;
    while (conn.unsent > 0) {
      this.#stats.syscalls++;
      const sent = this.#send(conn);
      if (sent > 0) {
        conn.consume(sent);
        continue;
      }
      const code = errno();
      if (code === Errno.EINTR) continue;
      if (code !== Errno.EAGAIN) {
        this.onBroken(conn);
        return;
      }
      conn.state |= State.BLOCKED;
      if (this.isShort) conn.spill();
      break;
    }
    if (conn.unsent === 0 && (conn.state & State.ENDING) !== 0) this.#finish(conn);
    if (conn.congested && conn.unsent <= this.#lowWaterBytes) this.#schedule(conn);
  }

  free(): void {
    this.#gather.free();
  }

  #send(conn: EpollConn): number {
    if (hasMore(conn)) return native.sendMessage(conn.fd, this.#gather.fill(conn), MSG_NOSIGNAL);
    const { headStart, headEnd } = conn;
    return native.send(conn.fd, this.#memory.base + headStart, headEnd - headStart, MSG_NOSIGNAL);
  }

  /** What the peer sent before it broke the connection is still in the kernel: it is read first. */
  onBroken(conn: EpollConn): void {
    conn.state |= State.BROKEN | State.READABLE | State.HANGUP;
    conn.dropUnsent();
    this.#schedule(conn);
  }

  #finish(conn: EpollConn): void {
    conn.state |= State.ENDED;
    if ((conn.state & (State.PEER_ENDED | State.FINISHING)) !== 0) {
      // close(2) sends the FIN.
      this.#schedule(conn);
      return;
    }
    this.#stats.syscalls++;
    shutdown(conn.fd, SHUT_WR);
  }
}

/** More than one range waits. */
function hasMore(conn: EpollConn): boolean {
  return conn.overflow !== undefined || (conn.queue !== undefined && conn.queue.count > 0);
}
