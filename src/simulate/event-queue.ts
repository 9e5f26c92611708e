/**
 * What happens next: a binary heap in typed arrays, so that millions of events cost no garbage. Events of the same moment
 * come out in the order in which they went in: a simulation must not depend on the shape of a heap.
 */

/** An event is two small numbers: what happens (0 to 15), and to whom (0 to 2^27 - 1). */
const WHAT_BITS = 4;
const WHAT_MASK = (1 << WHAT_BITS) - 1;

export class EventQueue {
  /** Of the event that was taken last. */
  at = 0;
  what = 0;
  who = 0;
  #size = 0;
  #added = 0;
  #times = new Float64Array(1024);
  #orders = new Float64Array(1024);
  #events = new Int32Array(1024);

  get size(): number {
    return this.#size;
  }

  /** When the next event is due; Infinity without one. */
  get nextAt(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[0];
  }

  add(at: number, what: number, who: number): void {
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    const orders = this.#orders;
    const events = this.#events;
    let hole = this.#size++;
    // Later than all others of its time: only an earlier parent's time decides on the way up.
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (times[parent] <= at) break;
      times[hole] = times[parent];
      orders[hole] = orders[parent];
      events[hole] = events[parent];
      hole = parent;
    }
    times[hole] = at;
    orders[hole] = this.#added++;
    events[hole] = (who << WHAT_BITS) | what;
  }

  /** Takes the next event into `at`, `what` and `who`; false without one. */
  take(): boolean {
    if (this.#size === 0) return false;
    this.at = this.#times[0];
    this.what = this.#events[0] & WHAT_MASK;
    this.who = this.#events[0] >>> WHAT_BITS;
    this.#size--;
    if (this.#size > 0) this.#sink();
    return true;
  }

  /** Puts the last entry where the first was, and lets it sink to its place. */
  #sink(): void {
    const size = this.#size;
    const times = this.#times;
    const orders = this.#orders;
    const events = this.#events;
    const at = times[size];
    const order = orders[size];
    const event = events[size];
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size && isBefore(times[right], orders[right], times[child], orders[child])) child = right;
      if (!isBefore(times[child], orders[child], at, order)) break;
      times[hole] = times[child];
      orders[hole] = orders[child];
      events[hole] = events[child];
      hole = child;
    }
    times[hole] = at;
    orders[hole] = order;
    events[hole] = event;
  }

  #grow(): void {
    const length = this.#times.length * 2;
    const times = new Float64Array(length);
    const orders = new Float64Array(length);
    const events = new Int32Array(length);
    times.set(this.#times);
    orders.set(this.#orders);
    events.set(this.#events);
    this.#times = times;
    this.#orders = orders;
    this.#events = events;
  }
}

function isBefore(at: number, order: number, otherAt: number, otherOrder: number): boolean {
  return at < otherAt || (at === otherAt && order < otherOrder);
}
