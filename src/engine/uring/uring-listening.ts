/** One listening socket of the io_uring engine: a multishot accept that rests while the process has no descriptors left. */
import { Timer } from "../../base/timer-wheel.js";
import type { Address } from "../../model/address.js";
import type { Acceptor, Listening } from "../engine.js";
import { CQE_MORE, type Ring } from "../native/io-uring.js";
import { Errno, shutdown } from "../native/libc.js";
import type { Bound } from "../native/sockets.js";
import { Kind, submitAccept, submitCancel, submitClose } from "./submissions.js";
import type { UringEngine } from "./uring-engine.js";

/** How long accepting rests after an error that trying again at once would repeat. */
const REST_MS = 100;
const SHUT_RDWR = 2;

export class UringListening implements Listening {
  readonly address: Address;
  /** @internal */ readonly fd: number;
  readonly #engine: UringEngine;
  readonly #ring: Ring;
  readonly #accept: Acceptor;
  readonly #slot: number;
  readonly #rest: Timer;
  #closed = false;

  /** @param slot its index in the engine's table */
  constructor(engine: UringEngine, ring: Ring, bound: Bound, accept: Acceptor, slot: number) {
    this.#engine = engine;
    this.#ring = ring;
    this.fd = bound.fd;
    this.address = bound.address;
    this.#accept = accept;
    this.#slot = slot;
    this.#rest = new Timer(() => this.#arm());
    this.#arm();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#engine.timers.cancel(this.#rest);
    this.#engine.forgetListening(this.#slot);
    // The armed accept would hold the socket open until its cancellation: no client must get in any more.
    shutdown(this.fd, SHUT_RDWR);
    submitCancel(this.#ring, Kind.ACCEPT, this.#slot);
    submitClose(this.#ring, this.fd);
  }

  /** @internal A completion of its accept: a descriptor or an error. */
  onAccept(result: number, flags: number): void {
    const engine = this.#engine;
    if (result >= 0) {
      const conn = engine.adopt(result);
      const handler = this.#accept(conn);
      if (handler === undefined) conn.reset();
      else if (!conn.closed) {
        conn.handler = handler;
        engine.armReceive(conn);
      }
    }
    if ((flags & CQE_MORE) !== 0 || this.#closed) return;
    if (result < 0 && result !== -Errno.ECONNABORTED && result !== -Errno.EINTR) {
      engine.stats.acceptPaused++;
      engine.timers.set(this.#rest, engine.now() + REST_MS);
    } else this.#arm();
  }

  #arm(): void {
    submitAccept(this.#ring, this.fd, this.#slot);
  }
}
