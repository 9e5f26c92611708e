/**
 * How long a cluster takes to answer nowadays: a histogram that forgets, because a quantile of all time would never notice that
 * a cluster has become slower, or faster. Every period all counts are halved, so that what is older than a few periods no longer
 * counts. One per worker: a quantile needs no exactness over workers, and counting in shared memory would cost every request.
 */
import { HISTOGRAM_BUCKETS, HISTOGRAM_SIZE, histogramQuantile, histogramRecord } from "../base/histogram.js";

const HALVE_EVERY_MS = 30_000;
/** So many answers have to be known before a quantile means anything: of 95 % then five lie above. */
export const MIN_SAMPLES = 100;
/** A quantile is worked out anew only so often. */
const FRESH_MS = 100;

export class RecentLatency {
  readonly #histogram = new Float64Array(HISTOGRAM_SIZE);
  #count = 0;
  #halveAt = Number.NEGATIVE_INFINITY;
  /** The quantile that was asked for last. */
  #quantile = -1;
  #valueMs = -1;
  #freshUntil = Number.NEGATIVE_INFINITY;

  /** @param now monotonic milliseconds, as in `quantile` */
  record(latencyMs: number, now: number): void {
    if (now >= this.#halveAt) this.#forget(now);
    histogramRecord(this.#histogram, 0, latencyMs);
    this.#count++;
  }

  /** The time within which the share `q` (0..1) of the recent answers came, milliseconds; -1 = too few are known. */
  quantile(q: number, now: number): number {
    if (now >= this.#halveAt) this.#forget(now);
    if (this.#count < MIN_SAMPLES) return -1;
    if (q === this.#quantile && now < this.#freshUntil) return this.#valueMs;
    this.#quantile = q;
    this.#freshUntil = now + FRESH_MS;
    this.#valueMs = histogramQuantile(this.#histogram, 0, q) ?? -1;
    return this.#valueMs;
  }

  #forget(now: number): void {
    const periods =
      this.#halveAt === Number.NEGATIVE_INFINITY ? 0 : 1 + Math.floor((now - this.#halveAt) / HALVE_EVERY_MS);
    this.#halveAt = now + HALVE_EVERY_MS;
    const share = 2 ** -periods;
    for (let i = 0; i < HISTOGRAM_BUCKETS; i++) this.#histogram[i] *= share;
    this.#count *= share;
  }
}
