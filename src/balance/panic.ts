/**
 * Panic: with too few healthy endpoints all are used, healthy or not. Checks that fail for so many at once are rather
 * wrong than right, and the few that are left would drown (Envoy's panic threshold).
 */

/**
 * Healthy and total in the same unit: endpoints or weight.
 * @param percent less than this share healthy is panic, 0..100; 0 = only nothing is
 */
export function isPanicking(healthy: number, total: number, percent: number): boolean {
  if (total <= 0) return false;
  return healthy <= 0 || healthy * 100 < percent * total;
}
