/**
 * Endpoints that answer much slower than their neighbours: mean response time above a factor of the cluster's median. The
 * median, since one endpoint that is a hundred times slower would move a mean to where nobody stands out.
 */
import type { LatencyOutlierSpec } from "../model/spec.js";
import { round, type Sample, type Suspect, worstFirst } from "./rates.js";

export function findSlow(samples: readonly Sample[], spec: LatencyOutlierSpec): Suspect[] {
  if (spec.factor === 0) return [];
  const counted = samples.filter(({ responses }) => responses >= spec.minVolume);
  if (counted.length === 0 || counted.length < spec.minEndpoints) return [];
  const means = counted.map(({ responseMs, responses }) => responseMs / responses);
  const median = medianOf(means);
  const suspects = counted.flatMap((sample, index): Suspect[] => {
    const mean = means[index];
    if (mean <= median * spec.factor || mean < spec.minMs) return [];
    const cause = `mean response time ${round(mean)} ms, more than ${spec.factor} times the median ${round(median)} ms`;
    return [{ id: sample.id, cause, badness: mean }];
  });
  return worstFirst(suspects);
}

/** Of an even number the lower of the two in the middle: of two endpoints the faster is the measure. */
function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1];
}
