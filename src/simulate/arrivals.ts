/** When requests come. Open loops do not care how the last ones fared; in a closed one each client waits for its answer. */
import type { ArrivalSpec } from "../model/scenario.js";
import { Draw, uniform } from "./chance.js";

export class Arrivals {
  readonly #spec: ArrivalSpec;
  readonly #seed: number;

  constructor(spec: ArrivalSpec, seed: number) {
    this.#spec = spec;
    this.#seed = seed;
  }

  /** The first requests: one in an open loop, one for each client in a closed one. */
  first(): number[] {
    const { kind } = this.#spec;
    if (kind !== "closed") return [this.afterArrival(0, 0)];
    // Spread, or all clients would go in step for ever.
    const { clients, thinkMs } = this.#spec;
    return Array.from({ length: clients }, (_, i) => uniform(this.#seed, Draw.GAP, i, 0) * Math.max(1, thinkMs));
  }

  /** Open loops: when request `number` comes, the one before having come at `before`. Infinity = none does. */
  afterArrival(number: number, before: number): number {
    switch (this.#spec.kind) {
      case "poisson":
        return before - (Math.log(uniform(this.#seed, Draw.GAP, number, 0)) * 1000) / this.#spec.perSecond;
      case "constant":
        return before + 1000 / this.#spec.perSecond;
      case "trace":
        return number < this.#spec.trace.at.length ? this.#spec.trace.at[number] : Number.POSITIVE_INFINITY;
      case "closed":
        return Number.POSITIVE_INFINITY;
    }
  }

  /** Closed loops: when the client of a request that came at `started` and ended at `now` comes again. */
  afterAnswer(started: number, now: number): number {
    if (this.#spec.kind !== "closed") return Number.POSITIVE_INFINITY;
    // A client that is refused at once and thinks of nothing would not let time pass.
    return now + Math.max(this.#spec.thinkMs, now === started ? 1 : 0);
  }
}
