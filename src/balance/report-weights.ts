/**
 * What reported loads make of weights: endpoints that would serve more requests at full use get more of them (gRFC A58).
 * Those that report share the sum of their configured weights in proportion to what they would serve: who has no report
 * keeps its weight, and a configured weight that says the same as the reports does not count twice.
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

/**
 * @param weights configured, aligned with `reports`
 * @param reports undefined = nothing recent
 * @returns aligned factors of the weights; 1 for those from whose report nothing follows
 */
export function reportFactors(
  weights: readonly number[],
  reports: readonly (LoadReport | undefined)[],
  errorPenalty: number,
): Float64Array {
  let weight = 0;
  let served = 0;
  const known = reports.map((report, i) => {
    const own = report === undefined || weights[i] <= 0 ? undefined : weightFromReport(report, errorPenalty);
    // Written so that NaN (no errors' worth of infinitely many errors) is outside.
    if (own === undefined || !(own > LEAST_WEIGHT && own < MOST_WEIGHT)) return undefined;
    weight += weights[i];
    served += own;
    return own;
  });
  return Float64Array.from(known, (own, i) => {
    if (own === undefined) return 1;
    const factor = (own / served) * (weight / weights[i]);
    return Math.round(Math.min(MOST, Math.max(LEAST, factor)) * STEPS) / STEPS;
  });
}
