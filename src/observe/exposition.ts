/**
 * Prometheus exposition text, format 0.0.4: headers, samples, escaped labels, histograms in seconds. Samples are generated
 * line by line, so that a page of many thousand endpoints never has to exist as a whole.
 */
import { HISTOGRAM_BUCKETS, histogramBound, histogramSum } from "../base/histogram.js";

export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export type MetricType = "counter" | "gauge" | "histogram";

/** `# HELP` and `# TYPE`. All samples of the name must follow before the next header. */
export function header(name: string, type: MetricType, help: string): string {
  return `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
}

/** @param text labels as `labels` makes them; empty = none */
export function sample(name: string, text: string, value: number): string {
  return `${name}${text === "" ? "" : `{${text}}`} ${formatNumber(value)}\n`;
}

/** `cluster="api",endpoint="10.0.0.1:80"`: the part between the braces. */
export function labels(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(",");
}

/**
 * Bounds of exported buckets, a choice of the internal ones: 1, 2, 4 ... ms, from 62.5 µs to 65.5 s, or every second of
 * them. Internal bounds are exclusive and Prometheus' are inclusive: a value exactly on a bound counts in the bucket above.
 */
export const FINE_BOUNDS: readonly number[] = boundsFrom(0.0625, 2);
export const COARSE_BOUNDS: readonly number[] = boundsFrom(0.25, 4);

/** The samples of one histogram of milliseconds, which starts at index 0 of `from`. */
export function* histogramSamples(
  name: string,
  text: string,
  from: Float64Array,
  bounds: readonly number[],
): Generator<string> {
  const prefix = text === "" ? "" : `${text},`;
  let count = 0;
  let index = 0;
  for (const bound of bounds) {
    for (; index < HISTOGRAM_BUCKETS && histogramBound(index) <= bound; index++) count += from[index]!;
    yield sample(`${name}_bucket`, `${prefix}le="${formatNumber(bound / 1000)}"`, count);
  }
  for (; index < HISTOGRAM_BUCKETS; index++) count += from[index]!;
  yield sample(`${name}_bucket`, `${prefix}le="+Inf"`, count);
  yield sample(`${name}_sum`, text, histogramSum(from, 0) / 1000);
  yield sample(`${name}_count`, text, count);
}

function boundsFrom(first: number, factor: number): number[] {
  const bounds: number[] = [];
  for (let bound = first; bound <= 65_536; bound *= factor) bounds.push(bound);
  return bounds;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function formatNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
