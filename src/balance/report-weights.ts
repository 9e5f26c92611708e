/**
 * What reported loads make of weights: endpoints that would serve more requests at full use get more of them (gRFC A58).
 * Factors are relative to the mean of those that report, so that the configured weights keep their meaning.
 */
import { type LoadReport, weightFromReport } from "./load-report.js";

/** What an endpoint says of itself may move its share so far and no further. */
const LEAST = 0.1;
const MOST = 10;
/** Requests per second that no endpoint serves: figures so small or large divide into nonsense. */
const LEAST_WEIGHT = 1e-6;
const MOST_WEIGHT = 1e12;
/** Factors come in steps: small differences are noise, and each new plan costs. */
const STEPS = 20;

/** @param reports undefined = nothing recent @returns aligned factors; 1 for those from whose report nothing follows */
export function reportFactors(reports: readonly (LoadReport | undefined)[], errorPenalty: number): Float64Array {
  const weights = reports.map((report) => {
    const weight = report === undefined ? undefined : weightFromReport(report, errorPenalty);
    return weight !== undefined && weight > LEAST_WEIGHT && weight < MOST_WEIGHT ? weight : undefined;
  });
  const known = weights.filter((weight) => weight !== undefined);
  const mean = known.reduce((sum, weight) => sum + weight, 0) / known.length;
  return Float64Array.from(weights, (weight) => {
    if (weight === undefined) return 1;
    return Math.round(Math.min(MOST, Math.max(LEAST, weight / mean)) * STEPS) / STEPS;
  });
}
