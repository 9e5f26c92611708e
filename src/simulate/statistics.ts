/** Counts while a simulation runs, and makes the figures of it. */
import type { HealthEvent } from "../health/report.js";
import { EndpointCell } from "../model/cells.js";
import type { Node } from "../model/node.js";
import type { EndpointSpec } from "../model/spec.js";
import type { EndpointFigures, Event, Figures, Imbalance, Interval } from "./figures.js";
import { Samples } from "./samples.js";

/** Parts of the timeline. */
const INTERVALS = 20;
/** Events that are kept: the first ones tell the story. */
const MAX_EVENTS = 1000;

type Endpoints = readonly Pick<EndpointSpec, "id" | "weight">[];

export class Statistics {
  readonly #endpoints: Endpoints;
  readonly #durationMs: number;
  readonly #warmupMs: number;
  readonly #latency = new Samples();
  readonly #errors = new Map<string, number>();
  readonly #events: Event[] = [];
  #requests = 0;
  #ok = 0;
  #failed = 0;
  #tries = 0;
  #retries = 0;
  #denied = 0;
  #panicSince = -1;
  #panicMs = 0;
  // By endpoint.
  readonly #tried: Float64Array;
  readonly #failures: Float64Array;
  readonly #answered: Float64Array;
  readonly #answerMs: Float64Array;
  readonly #active: Float64Array;
  readonly #peaks: Float64Array;
  readonly #ejections: Float64Array;
  // Over the samples.
  #samples = 0;
  #maxSum = 0;
  #meanSum = 0;
  #variationSum = 0;
  // By part of the timeline.
  readonly #begun = new Float64Array(INTERVALS);
  readonly #answers = new Float64Array(INTERVALS);
  readonly #fails = new Float64Array(INTERVALS);
  readonly #attempts = new Float64Array(INTERVALS);
  /** Index in `#all` of the first latency of each part. */
  readonly #starts = new Float64Array(INTERVALS + 1);
  /** Latencies in the order of the answers, warm-up included. */
  readonly #all = new Samples();
  #part = 0;

  constructor(endpoints: Endpoints, durationMs: number, warmupMs: number) {
    this.#endpoints = endpoints;
    this.#durationMs = durationMs;
    this.#warmupMs = warmupMs;
    const zeros = (): Float64Array => new Float64Array(endpoints.length);
    this.#tried = zeros();
    this.#failures = zeros();
    this.#answered = zeros();
    this.#answerMs = zeros();
    this.#active = zeros();
    this.#peaks = zeros();
    this.#ejections = zeros();
  }

  onRequest(now: number): void {
    if (now >= this.#warmupMs) this.#requests++;
    this.#begun[this.#partOf(now)]++;
  }

  /** @param active in flight at the endpoint, this one included */
  onTry(endpoint: number, isRetry: boolean, active: number, now: number): void {
    this.#attempts[this.#partOf(now)]++;
    if (now < this.#warmupMs) return;
    this.#tries++;
    if (isRetry) this.#retries++;
    this.#tried[endpoint]++;
    if (active > this.#peaks[endpoint]) this.#peaks[endpoint] = active;
  }

  onTryEnd(endpoint: number, ok: boolean, ms: number, now: number): void {
    if (now < this.#warmupMs) return;
    if (!ok) this.#failures[endpoint]++;
    else {
      this.#answered[endpoint]++;
      this.#answerMs[endpoint] += ms;
    }
  }

  onDenied(now: number): void {
    if (now >= this.#warmupMs) this.#denied++;
  }

  onAnswer(startedAt: number, now: number): void {
    this.#enter(now);
    this.#all.add(now - startedAt);
    if (now < this.#durationMs) this.#answers[this.#part]++;
    if (startedAt < this.#warmupMs) return;
    this.#ok++;
    this.#latency.add(now - startedAt);
  }

  onFailure(startedAt: number, now: number, error: string): void {
    if (now < this.#durationMs) this.#fails[this.#partOf(now)]++;
    if (startedAt < this.#warmupMs) return;
    this.#failed++;
    this.#errors.set(error, (this.#errors.get(error) ?? 0) + 1);
  }

  onEvent({ endpoint, from, to, reason }: HealthEvent, now: number): void {
    if (this.#events.length < MAX_EVENTS) this.#events.push({ atMs: now, endpoint, from, to, reason });
    const index = this.#endpoints.findIndex(({ id }) => id === endpoint);
    if (to === "ejected" && from !== to && index >= 0) this.#ejections[index]++;
  }

  onPanic(panic: boolean, now: number): void {
    if (panic) this.#panicSince = now;
    else if (this.#panicSince >= 0) this.#panicMs += now - this.#panicSince;
    if (!panic) this.#panicSince = -1;
  }

  /** Looks at what is in flight; called at equal distances of time. @param nodes in the order of the endpoints */
  sample(nodes: readonly Node[], cells: Int32Array, now: number): void {
    if (now < this.#warmupMs) return;
    let max = 0;
    let sum = 0;
    let squares = 0;
    let count = 0;
    for (let i = 0; i < nodes.length; i++) {
      const active = cells[nodes[i].at + EndpointCell.ACTIVE];
      const { weight } = this.#endpoints[i];
      this.#active[i] += active;
      if (weight === 0) continue;
      const load = active / weight;
      count++;
      sum += load;
      squares += load * load;
      if (load > max) max = load;
    }
    if (count === 0) return;
    this.#samples++;
    this.#maxSum += max;
    this.#meanSum += sum / count;
    this.#variationSum += Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  }

  /** @param utilisations by endpoint */
  figures(
    about: Pick<Figures, "cluster" | "policy" | "seed" | "queued">,
    now: number,
    utilisations: readonly (number | undefined)[],
  ) {
    if (this.#panicSince >= 0) this.onPanic(false, now);
    const span = this.#durationMs - this.#warmupMs;
    const figures: Figures = {
      ...about,
      durationMs: this.#durationMs,
      warmupMs: this.#warmupMs,
      requests: this.#requests,
      ok: this.#ok,
      failed: this.#failed,
      unfinished: this.#requests - this.#ok - this.#failed,
      goodput: span > 0 ? (this.#ok * 1000) / span : 0,
      errors: Object.fromEntries([...this.#errors].sort(([a], [b]) => (a < b ? -1 : 1))),
      tries: this.#tries,
      retries: this.#retries,
      retriesDenied: this.#denied,
      ejections: this.#ejections.reduce((sum, count) => sum + count, 0),
      panicMs: this.#panicMs,
      latency: this.#latency.summarise(),
      imbalance: this.#imbalance(),
      endpoints: this.#endpoints.map((endpoint, index) => this.#endpoint(endpoint, index, utilisations[index])),
      timeline: this.#timeline(),
      events: this.#events,
    };
    return figures;
  }

  #imbalance(): Imbalance {
    const loads = this.#endpoints.flatMap(({ weight }, i) => (weight === 0 ? [] : [this.#tried[i] / weight]));
    const mean = loads.reduce((sum, load) => sum + load, 0) / Math.max(1, loads.length);
    const variance = loads.reduce((sum, load) => sum + (load - mean) ** 2, 0) / Math.max(1, loads.length);
    return {
      triesMaxOverMean: ratio(Math.max(0, ...loads), mean, 1),
      triesVariation: ratio(Math.sqrt(variance), mean, 0),
      activeMax: ratio(this.#maxSum, this.#samples, 0),
      activeMaxOverMean: ratio(this.#maxSum, this.#meanSum, 1),
      activeVariation: ratio(this.#variationSum, this.#meanSum, 0),
    };
  }

  #endpoint({ id, weight }: Endpoints[number], index: number, utilisation: number | undefined): EndpointFigures {
    return {
      id,
      weight,
      tries: this.#tried[index],
      share: ratio(this.#tried[index], this.#tries, 0),
      failures: this.#failures[index],
      active: ratio(this.#active[index], this.#samples, 0),
      activePeak: this.#peaks[index],
      latencyMs: ratio(this.#answerMs[index], this.#answered[index], 0),
      utilisation,
      ejections: this.#ejections[index],
    };
  }

  #timeline(): Interval[] {
    this.#enter(Number.POSITIVE_INFINITY);
    return Array.from({ length: INTERVALS }, (_, part) => {
      const { p50, p99 } = this.#all.summarise(this.#starts[part], this.#starts[part] + this.#answers[part]);
      return {
        fromMs: (part * this.#durationMs) / INTERVALS,
        requests: this.#begun[part],
        ok: this.#answers[part],
        failed: this.#fails[part],
        tries: this.#attempts[part],
        p50,
        p99,
      };
    });
  }

  /** Answers come in the order of time: the parts of the timeline begin where the last one ended. */
  #enter(now: number): void {
    const part = this.#partOf(now);
    while (this.#part < part) this.#starts[++this.#part] = this.#all.count;
  }

  #partOf(now: number): number {
    return Math.min(INTERVALS - 1, Math.floor((now / this.#durationMs) * INTERVALS));
  }
}

function ratio(part: number, whole: number, otherwise: number): number {
  return whole > 0 ? part / whole : otherwise;
}
