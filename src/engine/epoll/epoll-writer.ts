/**
 * Sending, of all connections of one epoll engine: what a callback queues is written right after it, gathered into one
 * system call. Never calls back: what follows from writing is scheduled.
 */
import type { EngineStats } from "../engine.js";
import type { Memory } from "../memory.js";
import * as native from "../native/epoll.js";
import { Errno, errno, shutdown } from "../native/libc.js";
import { type EpollConn, State } from "./epoll-conn.js";
import { Gather } from "./gather.js";

const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;
const MAY_NOT_WRITE = State.CLOSED | State.BLOCKED | State.CONNECTING | State.BROKEN;

export class EpollWriter {
  readonly #memory: Memory;
  readonly #lowWaterBytes: number;
  readonly #stats: EngineStats;
  readonly #schedule: (conn: EpollConn) => void;
  readonly #gather: Gather;
  readonly #dirty: EpollConn[] = [];

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

  /** `conn` has something to send as soon as the current callback is over. */
  markDirty(conn: EpollConn): void {
    conn.state |= State.DIRTY;
    this.#dirty.push(conn);
  }

  writeDirty(): void {
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    for (let i = 0; i < dirty.length; i++) {
      const conn = dirty[i];
      conn.state &= ~State.DIRTY;
      this.write(conn);
    }
    dirty.length = 0;
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
        this.#onBroken(conn);
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
  #onBroken(conn: EpollConn): void {
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
