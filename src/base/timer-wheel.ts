/**
 * Timers for one thread: a hashed wheel (Varghese & Lauck, SOSP 1987, scheme 6) of intrusive lists. Setting and
 * cancelling are pointer writes. Precision is one tick: deadlines that guard connections need no more.
 */

/** Width of a slot in milliseconds. */
export const TICK_MS = 8;
const SLOTS = 1024;
const MASK = SLOTS - 1;

/** Embedded in (or owned by) what times out: made once, set many times, so that no request allocates. */
export class Timer {
  /** @internal */ next: Timer | undefined = undefined;
  /** @internal */ previous: Timer | undefined = undefined;
  /** @internal */ tick = -1;
  readonly fire: () => void;

  constructor(fire: () => void) {
    this.fire = fire;
  }

  /** True between `set` and firing or `cancel`. */
  get pending(): boolean {
    return this.tick >= 0;
  }
}

export class TimerWheel {
  readonly #slots: (Timer | undefined)[] = new Array<Timer | undefined>(SLOTS).fill(undefined);
  #tick: number;
  #count = 0;

  /** @param now monotonic milliseconds, as in every later call */
  constructor(now: number) {
    this.#tick = Math.floor(now / TICK_MS);
  }

  get size(): number {
    return this.#count;
  }

  /** Fires `timer` at `deadline` or up to one tick later, never earlier. Moves it if it is pending. */
  set(timer: Timer, deadline: number): void {
    if (timer.tick >= 0) this.cancel(timer);
    const tick = Math.max(Math.ceil(deadline / TICK_MS), this.#tick + 1);
    timer.tick = tick;
    const slot = tick & MASK;
    const head = this.#slots[slot];
    timer.next = head;
    timer.previous = undefined;
    if (head !== undefined) head.previous = timer;
    this.#slots[slot] = timer;
    this.#count++;
  }

  cancel(timer: Timer): void {
    if (timer.tick < 0) return;
    if (timer.previous !== undefined) timer.previous.next = timer.next;
    else this.#slots[timer.tick & MASK] = timer.next;
    if (timer.next !== undefined) timer.next.previous = timer.previous;
    timer.next = undefined;
    timer.previous = undefined;
    timer.tick = -1;
    this.#count--;
  }

  /** Fires what is due. A timer may set or cancel any timer, itself included. */
  advance(now: number): void {
    const target = Math.floor(now / TICK_MS);
    if (target <= this.#tick) return;
    // After a long sleep one round over the wheel sees every slot once.
    const from = Math.max(this.#tick + 1, target - SLOTS + 1);
    for (let tick = from; tick <= target && this.#count > 0; tick++) {
      this.#tick = tick;
      this.#fireSlot(tick & MASK, target);
    }
    this.#tick = target;
  }

  #fireSlot(slot: number, target: number): void {
    let timer = this.#slots[slot];
    while (timer !== undefined) {
      if (timer.tick <= target) {
        this.cancel(timer);
        timer.fire();
        // The callback may have changed the list anywhere: begin again. Timers set now lie after #tick, so this ends.
        timer = this.#slots[slot];
      } else timer = timer.next;
    }
  }

  /** Milliseconds until the next slot that may hold a due timer; -1 when no timer is set. At most one round. */
  untilNext(now: number): number {
    if (this.#count === 0) return -1;
    for (let i = 1; i <= SLOTS; i++) {
      if (this.#slots[(this.#tick + i) & MASK] !== undefined) return Math.max(0, (this.#tick + i) * TICK_MS - now);
    }
    return SLOTS * TICK_MS;
  }
}
