/** What the demo shows, read from the admin API as any other program could. */
import type { ClusterView } from "../../observe/cluster-view.js";

export interface Figures {
  /** Monotonic milliseconds at which they were read. */
  readonly at: number;
  /** Requests that the HTTP listener finished, and those of them that ended with 5xx or without an answer. */
  readonly requests: number;
  readonly failed: number;
  readonly connections: number;
  readonly engine: string;
  /** Seconds -> requests that took at most so long, since the start. */
  readonly durations: ReadonlyMap<number, number>;
  readonly clusters: readonly ClusterView[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Samples of a Prometheus text page. Label values of ours hold no quotes or backslashes. */
export function parseSamples(page: string): Sample[] {
  const samples: Sample[] = [];
  for (const [, name, labels = "", value] of page.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text]);
    samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) });
  }
  return samples;
}

/** @throws where the admin API does not answer */
export async function readFigures(admin: string, now: () => number): Promise<Figures> {
  const [page, clusters] = await Promise.all([
    fetch(`${admin}/metrics`).then((response) => response.text()),
    fetch(`${admin}/clusters`).then((response) => response.json() as Promise<{ clusters: ClusterView[] }>),
  ]);
  return { at: now(), ...toFigures(parseSamples(page)), clusters: clusters.clusters };
}

export function toFigures(samples: readonly Sample[]): Omit<Figures, "at" | "clusters"> {
  const of = (name: string): Sample[] => samples.filter((sample) => sample.name === name);
  const sum = (some: readonly Sample[]): number => some.reduce((total, { value }) => total + value, 0);
  const requests = of("plimsoll_listener_requests_total");
  const bounds = of("plimsoll_listener_request_duration_seconds_bucket");
  return {
    requests: sum(requests),
    failed: sum(requests.filter(({ labels }) => labels.status === "5xx" || labels.status === "none")),
    connections: sum(of("plimsoll_listener_connections_open")),
    engine: of("plimsoll_worker_connections_open")[0]?.labels.engine ?? "",
    durations: new Map(bounds.map(({ labels, value }) => [labels.le === "+Inf" ? Infinity : Number(labels.le), value])),
  };
}

/**
 * The upper bound in seconds under which `share` of the requests between two readings stayed; undefined where there were
 * none.
 */
export function quantileBetween(before: Figures, after: Figures, share: number): number | undefined {
  const since = (bound: number): number => (after.durations.get(bound) ?? 0) - (before.durations.get(bound) ?? 0);
  const total = since(Infinity);
  if (total <= 0) return undefined;
  return [...after.durations.keys()].sort((a, b) => a - b).find((bound) => since(bound) >= total * share);
}
