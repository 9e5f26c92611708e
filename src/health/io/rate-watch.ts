/** Looks at the endpoints' figures once per interval of their cluster, and has the ejector consider those that stand out. */
import type { Clock } from "../../base/clock.js";
import type { OutlierSpec } from "../../model/spec.js";
import type { Detector } from "../detectors.js";
import { findFailing } from "../failure-percent.js";
import { difference, type Figures, type Sample, type Suspect } from "../rates.js";
import { findSlow } from "../slow.js";
import { findUnsuccessful } from "../success-rate.js";
import type { Ejector } from "./ejector.js";
import { type Group, nothing } from "./watch.js";

/**
 * Figures of an endpoint now; undefined for one that has none.
 * @param timed false: those of responses are not needed, and adding up histograms of thousands of endpoints takes long
 */
export type Sampler = (cluster: string, endpoint: string, timed: boolean) => Figures | undefined;

/** Each with what it looks for. Sharper findings come first, since the first one gives the reason. */
const FINDERS: readonly (readonly [Detector, (samples: readonly Sample[], spec: OutlierSpec) => Suspect[]])[] = [
  ["failure-percent", (samples, spec) => findFailing(samples, spec.failurePercent)],
  ["success-rate", (samples, spec) => findUnsuccessful(samples, spec.successRate)],
  ["latency", (samples, spec) => findSlow(samples, spec.latency)],
];

export class RateWatch {
  readonly #clock: Clock;
  readonly #sampler: Sampler;
  readonly #ejector: Ejector;

  constructor(clock: Clock, sampler: Sampler, ejector: Ejector) {
    this.#clock = clock;
    this.#sampler = sampler;
    this.#ejector = ejector;
  }

  /** Begins to look at a new cluster, or follows its new spec. */
  follow(group: Group): void {
    const { outlier } = group.spec;
    const wanted = isWanted(outlier) ? outlier.intervalMs : 0;
    const timed = outlier.latency.factor > 0;
    if (wanted === group.rates.intervalMs && timed === group.rates.timed) return;
    group.rates.stop();
    group.rates.intervalMs = wanted;
    group.rates.timed = timed;
    group.rates.before.clear();
    group.rates.stop = nothing;
    if (wanted > 0) this.#look(group);
  }

  #look(group: Group): void {
    const samples = this.#sample(group);
    for (const [detector, find] of FINDERS) {
      for (const { id, cause } of find(samples, group.spec.outlier)) {
        const watch = group.watches.get(id);
        if (watch !== undefined) this.#ejector.consider(watch, detector, cause);
      }
    }
    group.rates.stop = this.#clock.after(group.rates.intervalMs, () => this.#look(group));
  }

  /** What usable endpoints did since the last look. Who was out during it tells nothing about now. */
  #sample(group: Group): Sample[] {
    const { before } = group.rates;
    const samples: Sample[] = [];
    const seen = new Map<string, Figures>();
    for (const [id, watch] of group.watches) {
      const now = this.#sampler(group.spec.name, id, group.rates.timed);
      if (now === undefined) continue;
      seen.set(id, now);
      const last = before.get(id);
      const isUsable = watch.state === "up" || watch.state === "unknown";
      const sample = last === undefined || !isUsable ? undefined : difference(id, now, last);
      if (sample !== undefined) samples.push(sample);
    }
    group.rates.before = seen;
    return samples;
  }
}

function isWanted({ successRate, failurePercent, latency }: OutlierSpec): boolean {
  return successRate.stdevFactor > 0 || failurePercent.threshold > 0 || latency.factor > 0;
}
