/**
 * Timeouts of one length end in the order in which they began: a ring, where a heap would hold seconds' worth of timeouts
 * that hardly ever fire. One that was given up is found out when its time comes, by its owner's `turn`.
 */
export class Deadlines {
  /** Of the deadline that was taken last. */
  at = 0;
  who = 0;
  turn = 0;
  #first = 0;
  #size = 0;
  #ats = new Float64Array(1024);
  #whos = new Int32Array(1024);
  #turns = new Int32Array(1024);

  /** When the next one is over; Infinity without one. */
  get nextAt(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#ats[this.#first];
  }

  /** @param at not before that of the last one added */
  add(at: number, who: number, turn: number): void {
    if (this.#size === this.#ats.length) this.#grow();
    const slot = (this.#first + this.#size++) & (this.#ats.length - 1);
    this.#ats[slot] = at;
    this.#whos[slot] = who;
    this.#turns[slot] = turn;
  }

  /** Takes the next one; call only when there is one. */
  take(): void {
    this.at = this.#ats[this.#first];
    this.who = this.#whos[this.#first];
    this.turn = this.#turns[this.#first];
    this.#first = (this.#first + 1) & (this.#ats.length - 1);
    this.#size--;
  }

  #grow(): void {
    const length = this.#ats.length;
    const ats = new Float64Array(length * 2);
    const whos = new Int32Array(length * 2);
    const turns = new Int32Array(length * 2);
    for (let i = 0; i < length; i++) {
      const slot = (this.#first + i) & (length - 1);
      ats[i] = this.#ats[slot];
      whos[i] = this.#whos[slot];
      turns[i] = this.#turns[slot];
    }
    this.#first = 0;
    this.#ats = ats;
    this.#whos = whos;
    this.#turns = turns;
  }
}
