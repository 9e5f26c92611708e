/** The timer wheel driven by Node's event loop: one timeout, armed for the next slot in use. */
import { type Timer, TimerWheel } from "../../base/timer-wheel.js";

export class NodeTimers extends TimerWheel {
  #timeout: NodeJS.Timeout | undefined = undefined;
  /** When the timeout comes; Infinity when none is armed. */
  #due = Infinity;
  #stopped = false;
  // After what has happened: a thread that was held up must not take for late what came in time.
  readonly #tick = (): void => void setImmediate(this.#advance);
  readonly #advance = (): void => this.#onTimeout();
  readonly #after: () => void;

  /** @param after called after each batch of timers */
  constructor(now: number, after: () => void) {
    super(now);
    this.#after = after;
  }

  override set(timer: Timer, deadline: number): void {
    super.set(timer, deadline);
    if (deadline < this.#due) this.#arm(deadline, performance.now());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timeout);
  }

  #arm(due: number, now: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timeout);
    this.#due = due;
    this.#timeout = setTimeout(this.#tick, Math.max(1, Math.ceil(due - now)));
  }

  #onTimeout(): void {
    if (this.#stopped) return;
    this.#due = Infinity;
    this.advance(performance.now());
    this.#after();
    const now = performance.now();
    const wait = this.untilNext(now);
    if (wait >= 0 && now + wait < this.#due) this.#arm(now + wait, now);
  }
}
