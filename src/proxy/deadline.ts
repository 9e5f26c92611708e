/**
 * A deadline that moves with every message but rarely touches the timer wheel: moving it later is one store, and the
 * timer, when it fires too early, arms itself for the rest. So a request that ends in time costs no timer operation.
 */
import { Timer } from "../base/timer-wheel.js";
import type { Engine } from "../engine/engine.js";

export class Deadline {
  /** When it expires, on the engine's clock; Infinity = never. */
  at = Number.POSITIVE_INFINITY;
  readonly #engine: Engine;
  readonly #timer: Timer;
  #armedFor = Number.POSITIVE_INFINITY;

  constructor(engine: Engine, expire: () => void) {
    this.#engine = engine;
    this.#timer = new Timer(() => {
      this.#armedFor = Number.POSITIVE_INFINITY;
      if (this.at > engine.now()) this.#arm();
      else {
        this.at = Number.POSITIVE_INFINITY;
        expire();
      }
    });
  }

  /** Moves the deadline to `at`. */
  set(at: number): void {
    this.at = at;
    if (at < this.#armedFor) this.#arm();
  }

  /** It does not expire until `set` is called again. The timer may still fire once, to no effect. */
  clear(): void {
    this.at = Number.POSITIVE_INFINITY;
  }

  /** Takes the timer off the wheel: the owner is gone. */
  dispose(): void {
    this.at = Number.POSITIVE_INFINITY;
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.#engine.timers.cancel(this.#timer);
  }

  #arm(): void {
    if (this.at === Number.POSITIVE_INFINITY) return;
    this.#armedFor = this.at;
    this.#engine.timers.set(this.#timer, this.at);
  }
}
