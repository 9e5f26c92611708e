/**
 * Endpoints whose success rate is far below that of their neighbours: below mean - factor x standard deviation, as Envoy's
 * success-rate outlier detection has it. What all endpoints fail alike, because of a bug or of a client, ejects nobody.
 *
 * Envoy ejects for any difference, however small: of five endpoints that differ in one, this one is always two deviations
 * away. So an endpoint must also fail at least `minFailurePercent` of its tries.
 */
import type { SuccessRateSpec } from "../model/spec.js";
import { failurePercentOf, round, type Sample, type Suspect, volumeOf, worstFirst } from "./rates.js";

/** Percent. Equal rates may differ from their own mean by what the sum was rounded. */
const NOISE = 1e-6;

export function findUnsuccessful(samples: readonly Sample[], spec: SuccessRateSpec): Suspect[] {
  if (spec.stdevFactor === 0) return [];
  const counted = samples.filter((sample) => volumeOf(sample) >= spec.minVolume);
  if (counted.length === 0 || counted.length < spec.minEndpoints) return [];
  const rates = counted.map((sample) => 100 - failurePercentOf(sample));
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  const least = mean - spec.stdevFactor * Math.sqrt(variance);
  const suspects = counted.flatMap((sample, index): Suspect[] => {
    const rate = rates[index];
    if (rate > least - NOISE || 100 - rate < spec.minFailurePercent) return [];
    const cause = `success rate ${round(rate)} % of ${volumeOf(sample)} below ${round(least)} % (mean ${round(mean)} %)`;
    return [{ id: sample.id, cause, badness: -rate }];
  });
  return worstFirst(suspects);
}
