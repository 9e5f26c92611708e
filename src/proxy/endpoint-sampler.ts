/** What the workers counted of an endpoint, summed for outlier detection. */
import { histogramCount, histogramSum } from "../base/histogram.js";
import type { Sampler } from "../health/io/rate-watch.js";
import { E, endpointBase } from "../observe/layout.js";
import { endpointKey, type SlotMap } from "../observe/slots.js";

interface Counted {
  readonly metrics: Float64Array;
}

/** @param slots the map in force when it is asked */
export function createSampler(workers: () => readonly Counted[], slots: () => SlotMap | undefined): Sampler {
  return (cluster, endpoint, timed) => {
    const slot = slots()?.endpoints.get(endpointKey(cluster, endpoint));
    if (slot === undefined) return undefined;
    const base = endpointBase(slot);
    const figures = { succeeded: 0, failed: 0, responses: 0, responseMs: 0 };
    for (const { metrics } of workers()) {
      figures.succeeded += metrics[base + E.SUCCESSES];
      figures.failed += metrics[base + E.FAILURES] + metrics[base + E.SERVER_ERRORS];
      if (!timed) continue;
      figures.responses += histogramCount(metrics, base + E.RESPONSE);
      figures.responseMs += histogramSum(metrics, base + E.RESPONSE);
    }
    return figures;
  };
}
