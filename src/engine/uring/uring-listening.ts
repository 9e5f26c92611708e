/** One listening socket of the io_uring engine. */
import { Timer } from "../../base/timer-wheel.js";
import type { Address } from "../../model/address.js";
import type { Acceptor, Listening } from "../engine.js";
import type { Bound } from "../native/sockets.js";
import type { UringEngine } from "./uring-engine.js";

export class UringListening implements Listening {
  readonly address: Address;
  /** @internal */ readonly fd: number;
  /** @internal */ readonly accept: Acceptor;
  /** @internal Index in the engine's table. */
  readonly index: number;
  /** @internal Accepting rests until this fires. */
  readonly rest: Timer;
  readonly #engine: UringEngine;
  #closed = false;

  constructor(engine: UringEngine, bound: Bound, accept: Acceptor, index: number) {
    this.#engine = engine;
    this.fd = bound.fd;
    this.address = bound.address;
    this.accept = accept;
    this.index = index;
    this.rest = new Timer(() => engine.armAccept(this));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#engine.closeListening(this);
  }
}
