/** Hands out slot numbers. A slot given back is reused as late as possible, and never while anything is counted in it. */
export class SlotPool {
  readonly #capacity: number;
  readonly #isIdle: (slot: number) => boolean;
  #fresh = 0;
  /** Oldest first. */
  #retired: number[] = [];

  constructor(capacity: number, isIdle: (slot: number) => boolean) {
    this.#capacity = capacity;
    this.#isIdle = isIdle;
  }

  /** How many could be taken now. */
  get available(): number {
    return this.#capacity - this.#fresh + this.#retired.filter(this.#isIdle).length;
  }

  /** @throws RangeError when nothing is available: ask first */
  take(): number {
    if (this.#fresh < this.#capacity) return this.#fresh++;
    const index = this.#retired.findIndex(this.#isIdle);
    if (index < 0) throw new RangeError("no slot is free");
    return this.#retired.splice(index, 1)[0];
  }

  retire(slot: number): void {
    this.#retired.push(slot);
  }

  isIdle(slot: number): boolean {
    return this.#isIdle(slot);
  }
}
