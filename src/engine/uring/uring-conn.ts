/**
 * One connection of the io_uring engine. At most one receive (multishot) and one send are in flight; every completion
 * carries the slot, and a slot is given away only after its last completion came, so none can reach a successor.
 */
import type { Timer, TimerWheel } from "../../base/timer-wheel.js";
import type { Address } from "../../model/address.js";
import type { Conn, ConnHandler } from "../engine.js";
import { localAddress, peerAddress } from "../native/sockets.js";
import { SendQueue } from "../send-queue.js";
import type { UringEngine } from "./uring-engine.js";

/** In place of a buffer. */
export const NOTHING = -1;

export class UringConn implements Conn {
  // First what each message needs, so that it lies in few cache lines.
  /** @internal Destroyed, or its onClose was called: no callback any more. */
  closed = false;
  handler: ConnHandler;
  readonly #engine: UringEngine;
  /** @internal Descriptor, and index in the engine's table. */
  fd: number;
  slot: number;
  unsent = 0;
  /** @internal Completions that are still to come for this slot. */
  operations = 0;
  /** @internal The range of the send in flight: of a buffer, or of a handle of the engine's spill. */
  sendBuffer = NOTHING;
  sendStart = 0;
  sendEnd = 0;
  /** @internal */
  queue: SendQueue | undefined = undefined;
  /** @internal The send in flight is of the first chunks of `queue`, which stay there until it completes. */
  gathered = false;
  congested = false;
  /** @internal connect() has not completed. */
  connecting = false;
  /** @internal Our FIN was asked for. */
  ending = false;
  /** @internal The peer broke it: what arrives is still delivered, then the connection is reported as reset. */
  broken = false;
  /** @internal A multishot receive is armed; `cancelling`: and its cancellation is under way. */
  receiving = false;
  cancelling = false;
  paused = false;
  /** @internal The peer's FIN came; our FIN went out. */
  peerEnded = false;
  ended = false;
  /** @internal `finish` was called: everything sent is the end. */
  finishing = false;
  /** @internal A poll for a hang-up is armed. */
  watching = false;
  /** @internal While connecting. */
  connectTimer: Timer | undefined = undefined;
  /** @internal No buffer was free: waits for the next refill. */
  starved = false;
  /** @internal onClose is about to be called. */
  reported = false;
  #peer: Address | undefined = undefined;
  #local: Address | undefined = undefined;

  constructor(engine: UringEngine, fd: number, slot: number, handler: ConnHandler) {
    this.#engine = engine;
    this.fd = fd;
    this.slot = slot;
    this.handler = handler;
  }

  get peer(): Address | undefined {
    if (this.#peer === undefined && !this.closed) this.#peer = peerAddress(this.fd);
    return this.#peer;
  }

  get local(): Address | undefined {
    if (this.#local === undefined && !this.closed) this.#local = localAddress(this.fd);
    return this.#local;
  }

  send(buffer: number, start: number, end: number): void {
    if (this.closed || this.ending || this.broken || start === end) return;
    const engine = this.#engine;
    this.unsent += end - start;
    if (this.unsent > engine.stock.highWater) this.congested = true;
    // Half of the memory is in use: what is to be sent waits outside it.
    if (engine.stock.isShort) engine.sender.push(this, engine.sender.copy(start, end), 0, end - start);
    else {
      engine.memory.retain(buffer);
      engine.sender.push(this, buffer, start, end);
    }
  }

  /** @internal No send is in flight. */
  get isIdle(): boolean {
    return this.sendBuffer === NOTHING && !this.gathered;
  }

  /** @internal */
  cancelConnectTimer(timers: TimerWheel): void {
    if (this.connectTimer === undefined) return;
    timers.cancel(this.connectTimer);
    this.connectTimer = undefined;
  }

  /** @internal */
  enqueue(buffer: number, start: number, end: number): void {
    if (this.queue === undefined) this.queue = new SendQueue();
    this.queue.push(buffer, start, end);
  }

  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    this.#engine.cancelReceive(this);
  }

  resume(): void {
    if (!this.paused || this.closed) return;
    this.paused = false;
    this.#engine.armReceive(this);
  }

  end(): void {
    if (this.ending || this.closed) return;
    this.ending = true;
    if (this.isIdle && !this.connecting) this.#engine.finishSending(this);
  }

  finish(): void {
    if (this.ending || this.closed) return;
    this.finishing = true;
    this.end();
  }

  destroy(): void {
    this.reported = false;
    if (!this.closed) this.#engine.teardown(this, false);
  }

  reset(): void {
    this.reported = false;
    if (!this.closed) this.#engine.teardown(this, true);
  }
}
