/** A quantile and the mean of the latest values, exact and at a constant cost for each: a histogram of a sliding window. */

/** Values kept. Enough to tell a quantile of 0.99; old ones must go before load has changed. */
const WINDOW = 128;
/** Values from here on count as this. */
const MOST = 1023;

export class RunningQuantile {
  readonly #share: number;
  readonly #window = new Uint16Array(WINDOW);
  readonly #counts = new Uint16Array(MOST + 1);
  #size = 0;
  #next = 0;
  #value = 0;
  #sum = 0;
  /** Values in the window that are at most #value. */
  #upTo = 0;

  /** @param share 0..1 */
  constructor(share: number) {
    this.#share = share;
  }

  /** The least value that at least that share of the window does not exceed; 0 without values. */
  get value(): number {
    return this.#value;
  }

  /** Mean of the window; 0 without values. */
  get mean(): number {
    return this.#size === 0 ? 0 : this.#sum / this.#size;
  }

  /** @param value not negative; its whole part counts */
  add(value: number): void {
    const counts = this.#counts;
    if (this.#size === WINDOW) {
      const oldest = this.#window[this.#next];
      counts[oldest]--;
      this.#sum -= oldest;
      if (oldest <= this.#value) this.#upTo--;
    } else this.#size++;
    const newest = Math.min(MOST, Math.floor(value));
    this.#window[this.#next] = newest;
    this.#next = (this.#next + 1) % WINDOW;
    counts[newest]++;
    this.#sum += newest;
    if (newest <= this.#value) this.#upTo++;
    const wanted = this.#share * this.#size;
    while (this.#upTo < wanted) this.#upTo += counts[++this.#value];
    while (this.#value > 0 && this.#upTo - counts[this.#value] >= wanted) this.#upTo -= counts[this.#value--];
  }
}
