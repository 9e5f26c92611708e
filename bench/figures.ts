/** The figures that a scenario may measure, how they are shown, and how rounds become one number. */

export interface FigureStyle {
  readonly title: string;
  readonly show: (value: number) => string;
}

const fixed =
  (digits: number, scale = 1) =>
  (value: number): string =>
    (value / scale).toFixed(digits);

export const FIGURES = {
  requestsPerSecond: { title: "requests/s", show: fixed(0) },
  cpuMicros: { title: "CPU µs/request", show: fixed(2) },
  p50Micros: { title: "p50 µs", show: fixed(0) },
  p99Micros: { title: "p99 µs", show: fixed(0) },
  p999Micros: { title: "p99.9 µs", show: fixed(0) },
  residentBytes: { title: "RSS MiB", show: fixed(1, 1_048_576) },
  bytesPerConnection: { title: "bytes/connection", show: fixed(0) },
  errors: { title: "errors", show: fixed(0) },
} as const satisfies Record<string, FigureStyle>;

export type Figure = keyof typeof FIGURES;

/** What one round of one proxy gave. */
export type Sample = Readonly<Partial<Record<Figure, number>>>;

/** The middle value; the mean of the two middle ones where there is no middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Each figure's median over the rounds; errors are summed, since none may hide. */
export function medianSample(samples: readonly Sample[]): Sample {
  const result: Partial<Record<Figure, number>> = {};
  for (const figure of Object.keys(FIGURES) as Figure[]) {
    const values = samples.map((sample) => sample[figure]).filter((value) => value !== undefined);
    if (values.length === 0) continue;
    result[figure] = figure === "errors" ? values.reduce((sum, value) => sum + value, 0) : median(values);
  }
  return result;
}

/**
 * `figure` of `samples` relative to `reference`: the median of the ratios of equal rounds, so that a machine that slows
 * down during the run slows both sides of each ratio. undefined where either side has no round.
 */
export function medianRatio(
  figure: Figure,
  samples: readonly Sample[],
  reference: readonly Sample[],
): number | undefined {
  const ratios: number[] = [];
  for (let i = 0; i < Math.min(samples.length, reference.length); i++) {
    const ours = samples[i][figure];
    const theirs = reference[i][figure];
    if (ours !== undefined && theirs !== undefined && theirs !== 0) ratios.push(ours / theirs);
  }
  return ratios.length === 0 ? undefined : median(ratios);
}
