/**
 * A scenario from what has happened: the JSON access log gives the arrivals, and how long each request took. An endpoint that
 * was slower than the others stays so: its requests' times are divided by its slowness, and whoever serves them in the
 * simulation multiplies by his own. What queued at an endpoint then counts as work: a log does not tell one from the other.
 */
import { hashText } from "../base/hash.js";
import type { Behaviour, EndpointScript, Scenario, Trace } from "../model/scenario.js";

/** One line of the log, as far as it matters. */
interface Entry {
  readonly at: number;
  readonly endpoint: string;
  readonly client: string;
  /** Milliseconds; undefined where no response came. */
  readonly responseMs: number | undefined;
  readonly status: number;
}

export interface Recorded {
  readonly scenario: Scenario;
  /** Lines that are of another cluster, or no entry of a JSON access log. */
  readonly others: number;
  readonly broken: number;
}

/** Collects lines and, at the end, makes a scenario of them. */
export class TraceReader {
  readonly #cluster: string;
  readonly #parseTime: (text: string) => number;
  readonly #entries: Entry[] = [];
  #others = 0;
  #broken = 0;

  /** @param parseTime from RFC 3339 to milliseconds; NaN for what is no time */
  constructor(cluster: string, parseTime: (text: string) => number) {
    this.#cluster = cluster;
    this.#parseTime = parseTime;
  }

  line(text: string): void {
    if (text === "") return;
    const entry = parse(text, this.#parseTime);
    if (entry === undefined) this.#broken++;
    else if (entry.cluster !== this.#cluster) this.#others++;
    else this.#entries.push(entry);
  }

  /** undefined where no line was of use. @param roundTripMs network, which the recorded times include */
  finish(roundTripMs: number): Recorded | undefined {
    // Lines are written when requests end.
    const entries = this.#entries.sort((a, b) => a.at - b.at);
    const answered = entries.filter(isServed).map(({ responseMs }) => responseMs!);
    if (answered.length === 0) return undefined;
    const median = medianOf(answered);
    const slowness = slownessOf(entries, median);
    const count = entries.length;
    const trace: Trace = { at: new Float64Array(count), work: new Float64Array(count), hash: new Uint32Array(count) };
    entries.forEach((entry, i) => {
      trace.at[i] = entry.at - entries[0].at;
      // What failed would have taken as long as others do.
      const ms = isServed(entry) ? entry.responseMs! / (slowness.get(entry.endpoint) ?? 1) : median;
      trace.work[i] = Math.max(0, ms - roundTripMs);
      trace.hash[i] = hashText(entry.client);
    });
    const scenario: Scenario = {
      arrivals: { kind: "trace", trace },
      durationMs: trace.at[count - 1] + 1,
      warmupMs: 0,
      roundTripMs,
      idempotent: true,
      keys: { kind: "uniform", count: 1 },
      endpoints: scripts(entries, slowness),
      others: { first: behaviour(1, 0), changes: [] },
    };
    return { scenario, others: this.#others, broken: this.#broken };
  }
}

function parse(text: string, parseTime: (text: string) => number): (Entry & { readonly cluster: string }) | undefined {
  let record: Readonly<Record<string, unknown>>;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof record !== "object" || record === null) return undefined;
  const { time, cluster, endpoint, client, response_ms, status } = record;
  const at = typeof time === "string" ? parseTime(time) : Number.NaN;
  if (Number.isNaN(at) || typeof cluster !== "string" || typeof endpoint !== "string") return undefined;
  return {
    at,
    cluster,
    endpoint,
    client: typeof client === "string" ? client.replace(/:\d+$/, "") : "",
    responseMs: typeof response_ms === "number" ? response_ms : undefined,
    status: typeof status === "number" ? status : 0,
  };
}

function isServed({ responseMs, status }: Entry): boolean {
  return responseMs !== undefined && status < 500;
}

/** An endpoint's median over that of all. */
function slownessOf(entries: readonly Entry[], median: number): Map<string, number> {
  const byEndpoint = new Map<string, number[]>();
  for (const entry of entries) {
    if (!isServed(entry)) continue;
    const times = byEndpoint.get(entry.endpoint);
    if (times === undefined) byEndpoint.set(entry.endpoint, [entry.responseMs!]);
    else times.push(entry.responseMs!);
  }
  return new Map(
    Array.from(byEndpoint, ([id, times]) => [id, Math.max(0.01, medianOf(times) / Math.max(median, 0.001))]),
  );
}

function scripts(entries: readonly Entry[], slowness: ReadonlyMap<string, number>): Map<string, EndpointScript> {
  const counts = new Map<string, { all: number; failed: number }>();
  for (const entry of entries) {
    const count = counts.get(entry.endpoint) ?? { all: 0, failed: 0 };
    count.all++;
    if (!isServed(entry)) count.failed++;
    counts.set(entry.endpoint, count);
  }
  return new Map(
    Array.from(counts, ([id, { all, failed }]) => [
      id,
      { first: behaviour(slowness.get(id) ?? 1, failed / all), changes: [] },
    ]),
  );
}

function behaviour(slower: number, errors: number): Behaviour {
  return {
    service: { kind: "recorded" },
    slower,
    servers: 0,
    queue: Number.POSITIVE_INFINITY,
    errors,
    errorMs: 1,
    errorStatus: 503,
    down: false,
    hangs: false,
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1];
}
