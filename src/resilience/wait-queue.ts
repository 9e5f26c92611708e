/**
 * Those who wait for room, in classes: a higher class is served first, and within a class whoever came first (as in
 * HAProxy's per-server queues). Intrusive lists, so that joining and leaving allocate nothing and cost the same wherever one
 * stands. When to look, and how many may wait, is the caller's business.
 */
import { PRIORITIES } from "../model/flow-spec.js";

/** A place in a queue: belongs to who may wait, and is used again and again. */
export class Waiter<Owner> {
  readonly owner: Owner;
  /** Index in PRIORITIES. */
  priority = 0;
  /** When it came, milliseconds. */
  since = 0;
  /** It stands in a queue. */
  waits = false;
  /** @internal */ next: Waiter<Owner> | undefined = undefined;
  /** @internal */ previous: Waiter<Owner> | undefined = undefined;

  constructor(owner: Owner) {
    this.owner = owner;
  }
}

export class WaitQueue<Owner> {
  size = 0;
  readonly #heads: (Waiter<Owner> | undefined)[] = PRIORITIES.map(() => undefined);
  readonly #tails: (Waiter<Owner> | undefined)[] = PRIORITIES.map(() => undefined);
  #serving = false;

  /** Somebody of this or a higher class waits: who comes now has to wait behind. */
  isBehind(priority: number): boolean {
    if (this.size === 0) return false;
    for (let i = 0; i <= priority; i++) if (this.#heads[i] !== undefined) return true;
    return false;
  }

  /** Puts `waiter`, which does not wait yet, behind its class. */
  add(waiter: Waiter<Owner>, priority: number, now: number): void {
    const tail = this.#tails[priority];
    waiter.priority = priority;
    waiter.since = now;
    waiter.waits = true;
    waiter.next = undefined;
    waiter.previous = tail;
    if (tail === undefined) this.#heads[priority] = waiter;
    else tail.next = waiter;
    this.#tails[priority] = waiter;
    this.size++;
  }

  /** Takes `waiter`, which waits here, out. */
  remove(waiter: Waiter<Owner>): void {
    const { next, previous, priority } = waiter;
    if (previous === undefined) this.#heads[priority] = next;
    else previous.next = next;
    if (next === undefined) this.#tails[priority] = previous;
    else next.previous = previous;
    waiter.next = undefined;
    waiter.previous = undefined;
    waiter.waits = false;
    this.size--;
  }

  /** Who is next. */
  get first(): Waiter<Owner> | undefined {
    for (let i = 0; i < this.#heads.length; i++) if (this.#heads[i] !== undefined) return this.#heads[i];
    return undefined;
  }

  /**
   * There may be room: those who wait are asked in their order until one finds none.
   * @param enters takes one in, or for good out of the queue; false where there is no room for it, and it stays
   */
  serve(enters: (owner: Owner) => boolean): void {
    // Who is asked may end at once and so lead here again: the loop goes on by itself.
    if (this.size === 0 || this.#serving) return;
    this.#serving = true;
    for (let next = this.first; next !== undefined; next = this.first) if (!enters(next.owner)) break;
    this.#serving = false;
  }

  /** One that came before `since`, the lowest class first; undefined where there is none. */
  overdue(since: number): Waiter<Owner> | undefined {
    for (let i = this.#heads.length - 1; i >= 0; i--) {
      const head = this.#heads[i];
      if (head !== undefined && head.since < since) return head;
    }
    return undefined;
  }

  /** Whom one of `priority` may drive out: the last to come of the lowest class below it. */
  leastBelow(priority: number): Waiter<Owner> | undefined {
    for (let i = this.#tails.length - 1; i > priority; i--) if (this.#tails[i] !== undefined) return this.#tails[i];
    return undefined;
  }
}
