/**
 * Sending, of all connections of one epoll engine: what callbacks queue is written after them, that of one connection
 * gathered into one system call, and that of many connections in one go: the first write wakes the process at the other
 * end, and the next find it awake. Never calls back: what follows from writing is scheduled.
 */
import type { EngineStats } from "../engine.js";
import type { Memory } from "../memory.js";
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
  readonly #schedule: (conn: EpollConn) => void;
  readonly #gather: Gather;
  /** The first `#count` entries. It never shrinks: that would give its memory away for the next turn to get it back. */
  readonly #dirty: (EpollConn | undefined)[] = [];
  #count = 0;

  /** @param schedule has a connection served before the engine sleeps */
  constructor(memory: Memory, lowWaterBytes: number, stats: EngineStats, schedule: (conn: EpollConn) => void) {
    this.#memory = memory;
    this.#lowWaterBytes = lowWaterBytes;
    this.#stats = stats;
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
    this.#count = 0;
    for (let i = 0; i < count; i++) {
      const conn = this.#dirty[i]!;
      this.#dirty[i] = undefined;
      conn.state &= ~State.DIRTY;
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
    const gather = conn.overflow !== undefined || (conn.queue !== undefined && conn.queue.count > 0);
    if (gather) return native.sendMessage(conn.fd, this.#gather.fill(conn), MSG_NOSIGNAL);
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
