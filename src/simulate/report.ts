/** Figures as text: runs side by side, then each run's endpoints, timeline and first events. ASCII, columns aligned. */
import type { EndpointFigures, Figures } from "./figures.js";

export interface NamedRun {
  /** The configuration's file. */
  readonly name: string;
  readonly figures: Figures;
}

/** Endpoints shown of each run: the most loaded. */
const MAX_ENDPOINTS = 20;
const MAX_EVENTS = 12;

type Cell = (figures: Figures) => string;

const ROWS: readonly (readonly [label: string, cell: Cell])[] = [
  ["policy", ({ policy }) => policy],
  ["requests", ({ requests }) => `${requests}`],
  ["answered", ({ ok, requests }) => `${ok} (${percent(ok, requests)})`],
  ["failed", ({ failed, requests }) => `${failed} (${percent(failed, requests)})`],
  ["unfinished", ({ unfinished }) => `${unfinished}`],
  ["answered per second", ({ goodput }) => decimal(goodput)],
  ["latency mean ms", ({ latency }) => decimal(latency.mean)],
  ["latency p50 ms", ({ latency }) => decimal(latency.p50)],
  ["latency p90 ms", ({ latency }) => decimal(latency.p90)],
  ["latency p99 ms", ({ latency }) => decimal(latency.p99)],
  ["latency p99.9 ms", ({ latency }) => decimal(latency.p999)],
  ["latency max ms", ({ latency }) => decimal(latency.max)],
  ["tries", ({ tries }) => `${tries}`],
  ["retries", ({ retries }) => `${retries}`],
  ["retries denied", ({ retriesDenied }) => `${retriesDenied}`],
  ["queued", ({ queued }) => `${queued}`],
  ["ejections", ({ ejections }) => `${ejections}`],
  ["panic ms", ({ panicMs }) => decimal(panicMs)],
  ["tries max/mean", ({ imbalance }) => decimal(imbalance.triesMaxOverMean)],
  ["tries variation", ({ imbalance }) => decimal(imbalance.triesVariation)],
  ["active max", ({ imbalance }) => decimal(imbalance.activeMax)],
  ["active max/mean", ({ imbalance }) => decimal(imbalance.activeMaxOverMean)],
  ["active variation", ({ imbalance }) => decimal(imbalance.activeVariation)],
];

/** Ends with a newline. */
export function formatReport(runs: readonly NamedRun[]): string {
  const codes = [...new Set(runs.flatMap(({ figures }) => Object.keys(figures.errors)))].sort();
  const errors = codes.map((code) => [`  ${code}`, (figures: Figures) => `${figures.errors[code] ?? 0}`] as const);
  const at = ROWS.findIndex(([label]) => label === "failed") + 1;
  const rows = [...ROWS.slice(0, at), ...errors, ...ROWS.slice(at)];
  const { cluster, seed, durationMs, warmupMs } = runs[0].figures;
  const warmup = warmupMs === 0 ? "" : `, the first ${warmupMs / 1000} s not counted`;
  const head = `cluster ${cluster}, ${durationMs / 1000} s${warmup}, seed ${seed}\n\n`;
  const summary = align([
    ["", ...runs.map(({ name }) => name)],
    ...rows.map(([label, cell]) => [label, ...runs.map(({ figures }) => cell(figures))]),
  ]);
  return head + summary + runs.map(formatRun).join("");
}

function formatRun({ name, figures }: NamedRun): string {
  const parts = [
    `\n${name}: endpoints\n`,
    endpointTable(figures.endpoints),
    `\n${name}: timeline\n`,
    timeline(figures),
  ];
  const { events } = figures;
  if (events.length > 0) {
    parts.push(`\n${name}: events\n`);
    for (const { atMs, endpoint, from, to, reason } of events.slice(0, MAX_EVENTS))
      parts.push(`${(atMs / 1000).toFixed(3)} s  ${endpoint}  ${from} -> ${to}: ${reason}\n`);
    if (events.length > MAX_EVENTS) parts.push(`... and ${events.length - MAX_EVENTS} more\n`);
  }
  return parts.join("");
}

function endpointTable(endpoints: readonly EndpointFigures[]): string {
  const shown =
    endpoints.length <= MAX_ENDPOINTS
      ? endpoints
      : endpoints.toSorted((a, b) => b.tries - a.tries || (a.id < b.id ? -1 : 1)).slice(0, MAX_ENDPOINTS);
  const table = align([
    ["endpoint", "weight", "tries", "share", "failures", "active", "peak", "mean ms", "busy", "ejections"],
    ...shown.map((endpoint) => [
      endpoint.id,
      `${endpoint.weight}`,
      `${endpoint.tries}`,
      `${(endpoint.share * 100).toFixed(1)}%`,
      `${endpoint.failures}`,
      decimal(endpoint.active),
      `${endpoint.activePeak}`,
      decimal(endpoint.latencyMs),
      endpoint.utilisation === undefined ? "-" : `${(endpoint.utilisation * 100).toFixed(1)}%`,
      `${endpoint.ejections}`,
    ]),
  ]);
  const rest = endpoints.length - shown.length;
  return rest === 0 ? table : `${table}... and ${rest} more with fewer tries\n`;
}

function timeline({ timeline }: Figures): string {
  return align([
    ["from s", "requests", "answered", "failed", "tries", "p50 ms", "p99 ms"],
    ...timeline.map(({ fromMs, requests, ok, failed, tries, p50, p99 }) => [
      `${Math.round(fromMs) / 1000}`,
      `${requests}`,
      `${ok}`,
      `${failed}`,
      `${tries}`,
      decimal(p50),
      decimal(p99),
    ]),
  ]);
}

/** The first column to the left, the others to the right. */
function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** Four digits that say something, or whole numbers above. */
function decimal(value: number): string {
  if (value === 0 || Math.abs(value) >= 1000) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : 3);
}

function percent(part: number, whole: number): string {
  return `${(whole === 0 ? 0 : (part * 100) / whole).toFixed(2)}%`;
}
