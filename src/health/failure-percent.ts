/** Endpoints that fail more than a fixed share of their tries, however their neighbours do: Envoy's failure percentage. */
import type { FailurePercentSpec } from "../model/spec.js";
import { failurePercentOf, round, type Sample, type Suspect, volumeOf, worstFirst } from "./rates.js";

export function findFailing(samples: readonly Sample[], spec: FailurePercentSpec): Suspect[] {
  if (spec.threshold === 0) return [];
  const counted = samples.filter((sample) => volumeOf(sample) >= spec.minVolume);
  if (counted.length < spec.minEndpoints) return [];
  const suspects = counted.flatMap((sample): Suspect[] => {
    const percent = failurePercentOf(sample);
    if (percent < spec.threshold) return [];
    const cause = `${round(percent)} % of ${volumeOf(sample)} failed, the limit is ${round(spec.threshold)} %`;
    return [{ id: sample.id, cause, badness: percent }];
  });
  return worstFirst(suspects);
}
