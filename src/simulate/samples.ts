/** Every latency of a run, for exact quantiles: histograms would blur what two policies differ in. */
import { grown } from "./jobs.js";

export interface Latency {
  /** Milliseconds, all of them; 0 where nothing was answered. */
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export class Samples {
  #values = new Float64Array(1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    if (this.#count === this.#values.length) this.#values = grown(this.#values);
    this.#values[this.#count++] = value;
  }

  /** Of those from the `from`-th to before the `to`-th. */
  summarise(from = 0, to = this.#count): Latency {
    const values = this.#values.slice(from, to).sort();
    let sum = 0;
    for (const value of values) sum += value;
    const at = (share: number): number =>
      values.length === 0 ? 0 : values[Math.min(values.length - 1, Math.floor(share * values.length))];
    return {
      mean: values.length === 0 ? 0 : sum / values.length,
      p50: at(0.5),
      p90: at(0.9),
      p99: at(0.99),
      p999: at(0.999),
      max: at(1),
    };
  }
}
