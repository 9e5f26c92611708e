/** Service times: the value below which a given share of them lies (inverse transform of a uniform number). */
import type { DistributionSpec } from "../model/scenario.js";

/** @param share in (0, 1) @param recorded for `recorded` @returns milliseconds */
export function quantile(spec: DistributionSpec, share: number, recorded: number): number {
  switch (spec.kind) {
    case "constant":
      return spec.ms;
    case "exponential":
      return -spec.meanMs * Math.log1p(-share);
    case "lognormal":
      return spec.medianMs * Math.exp(spec.sigma * normalQuantile(share));
    case "pareto":
      return Math.min(spec.mostMs, spec.leastMs * (1 - share) ** (-1 / spec.shape));
    case "recorded":
      return recorded;
  }
}

const A = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
] as const;
const B = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
] as const;
const C = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
] as const;
const D = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416] as const;
/** Where the central approximation ends. */
const TAIL = 0.02425;

/** Of the standard normal distribution: Acklam's rational approximation (2003), relative error below 1.2e-9. */
export function normalQuantile(share: number): number {
  if (share > 1 - TAIL) return -normalQuantile(1 - share);
  if (share < TAIL) {
    const q = Math.sqrt(-2 * Math.log(share));
    const numerator = ((((C[0] * q + C[1]) * q + C[2]) * q + C[3]) * q + C[4]) * q + C[5];
    return numerator / ((((D[0] * q + D[1]) * q + D[2]) * q + D[3]) * q + 1);
  }
  const q = share - 0.5;
  const r = q * q;
  const numerator = (((((A[0] * r + A[1]) * r + A[2]) * r + A[3]) * r + A[4]) * r + A[5]) * q;
  return numerator / (((((B[0] * r + B[1]) * r + B[2]) * r + B[3]) * r + B[4]) * r + 1);
}
