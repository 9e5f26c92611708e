/**
 * Slow start: an endpoint that is new, or back, gets its share little by little, since caches, pools and just-in-time
 * compilers are cold. The curve is Envoy's.
 */
import type { SlowStartSpec } from "../model/spec.js";

/**
 * What part of its weight an endpoint gets, 0..1.
 * @param ageMs since it became usable
 */
export function slowStartFactor(ageMs: number, { windowMs, aggression, minPercent }: SlowStartSpec): number {
  if (ageMs >= windowMs) return 1;
  return Math.max(minPercent / 100, (Math.max(0, ageMs) / windowMs) ** (1 / aggression));
}
