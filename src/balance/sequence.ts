/**
 * The order in which weighted round robin visits nodes: each node as often per period as its weight says, and spread
 * over the period (nginx's smooth weighted round robin). Worked out once per eligible set, so that a pick is an increment.
 * Nodes of equal weight form a class; the smooth algorithm runs over classes, and a class rotates its nodes. That gives the
 * same spread at a cost of classes x length instead of nodes x length.
 */

/** Longest period, in turns per node and at least. Weights that would need more are scaled down. */
const TURNS_PER_NODE = 4;
const LEAST_CAP = 4096;
/** Most turns of the lightest node that make all the others whole. */
const MAX_FACTOR = 20;

interface WeightClass {
  readonly weight: number;
  readonly members: number[];
  /** The smooth algorithm's credit. */
  credit: number;
  next: number;
}

/** @param weights positive @returns indices into `weights`, one period */
export function buildSequence(weights: readonly number[]): Uint16Array {
  const classes = [...groupByWeight(fitWeights(weights)).values()];
  const total = classes.reduce((sum, group) => sum + group.weight, 0);
  const sequence = new Uint16Array(total);
  for (let turn = 0; turn < total; turn++) {
    let best = classes[0];
    for (const group of classes) {
      group.credit += group.weight;
      if (group.credit > best.credit) best = group;
    }
    best.credit -= total;
    sequence[turn] = best.members[best.next];
    best.next = (best.next + 1) % best.members.length;
  }
  return sequence;
}

/** Whole numbers in lowest terms, with a sum within the cap; nobody falls below 1. */
function fitWeights(weights: readonly number[]): number[] {
  const cap = Math.max(LEAST_CAP, weights.length * TURNS_PER_NODE);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const whole = wholeWeights(weights);
  if (whole !== undefined) {
    const divisor = whole.reduce(gcd, 0);
    if (whole.reduce((sum, weight) => sum + weight, 0) / divisor <= cap) return whole.map((weight) => weight / divisor);
  }
  const scaled = weights.map((weight) => Math.max(1, Math.round(weight * (cap / total))));
  const common = scaled.reduce(gcd, 0);
  return scaled.map((weight) => weight / common);
}

/** Whole numbers in the same proportions, if there are small ones: parts of weights are mostly halves, thirds, percents. */
function wholeWeights(weights: readonly number[]): number[] | undefined {
  if (weights.every(Number.isInteger)) return [...weights];
  const least = weights.reduce((min, weight) => Math.min(min, weight));
  for (let factor = 1; factor <= MAX_FACTOR; factor++) {
    const scaled = weights.map((weight) => (weight / least) * factor);
    const rounded = scaled.map(Math.round);
    if (scaled.every((weight, i) => Math.abs(weight - rounded[i]) < rounded[i] * 1e-9)) return rounded;
  }
  return undefined;
}

function groupByWeight(weights: readonly number[]): Map<number, WeightClass> {
  const classes = new Map<number, { weight: number; members: number[]; credit: number; next: number }>();
  weights.forEach((weight, index) => {
    const group = classes.get(weight);
    if (group === undefined) classes.set(weight, { weight, members: [index], credit: 0, next: 0 });
    else {
      group.members.push(index);
      group.weight += weight;
    }
  });
  return classes;
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
