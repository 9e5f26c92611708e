/** One listening socket of the epoll engine, level-triggered: what is not accepted in one turn is reported in the next. */
import { Timer } from "../../base/timer-wheel.js";
import type { Address } from "../../model/address.js";
import type { Acceptor, Listening } from "../engine.js";
import { accept } from "../native/epoll.js";
import { Errno, errno } from "../native/libc.js";
import { type Bound, SOCK_CLOEXEC, SOCK_NONBLOCK } from "../native/sockets.js";
import type { EpollEngine } from "./epoll-engine.js";

/** Connections accepted per turn, so that a flood of them does not hold up those that are open. */
const PER_TURN = 64;
/** How long accepting rests after the process ran out of descriptors. */
const REST_MS = 100;

export class EpollListening implements Listening {
  readonly address: Address;
  /** @internal */ readonly fd: number;
  /** @internal Index in the engine's table. */
  readonly index: number;
  readonly #engine: EpollEngine;
  readonly #accept: Acceptor;
  readonly #rest: Timer;
  #closed = false;

  constructor(engine: EpollEngine, bound: Bound, accept: Acceptor, index: number) {
    this.#engine = engine;
    this.fd = bound.fd;
    this.address = bound.address;
    this.index = index;
    this.#accept = accept;
    this.#rest = new Timer(() => engine.watch(this));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#engine.timers.cancel(this.#rest);
    this.#engine.closeListening(this);
  }

  /** @internal Accepts what waits. */
  serve(): void {
    const engine = this.#engine;
    for (let i = 0; i < PER_TURN && !this.#closed; i++) {
      engine.stats.syscalls++;
      const fd = accept(this.fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        const code = errno();
        if (code === Errno.EAGAIN) return;
        const exhausted =
          code === Errno.EMFILE || code === Errno.ENFILE || code === Errno.ENOMEM || code === Errno.ENOBUFS;
        if (exhausted) {
          engine.stats.acceptPaused++;
          engine.unwatch(this);
          engine.timers.set(this.#rest, engine.now() + REST_MS);
          return;
        }
        // Anything else concerns the one connection that was to be accepted: it went away again.
        continue;
      }
      const conn = engine.adopt(fd);
      const handler = this.#accept(conn);
      if (handler === undefined) conn.reset();
      else conn.handler = handler;
    }
  }
}
