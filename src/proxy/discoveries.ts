/**
 * Follows the sources of all clusters. A source hands over whole sets; here they are compared, told of, and kept: whatever a
 * source cannot say, its last good set stays in force.
 */
import type { Clock } from "../base/clock.js";
import { diffEndpoints, isUnchanged, summarizeEndpoints } from "../discovery/diff.js";
import { mergeEndpoints, type OriginatedEndpoint } from "../discovery/merge.js";
import type { Finding, Source, StartSource } from "../discovery/source.js";
import { describeSource } from "../model/discovery-spec.js";
import type { ClusterSpec, DiscoverySpec, EndpointSpec } from "../model/spec.js";
import type { DiscoveryStatus } from "../observe/observed.js";
import type { LogRecord } from "./log-record.js";

export interface DiscoveriesOptions {
  readonly clock: Clock;
  readonly log: (record: LogRecord) => void;
  readonly createSource: (spec: DiscoverySpec) => StartSource;
  /** A set that was merged has changed: merge again. */
  readonly onChange: () => void;
}

/** How long a configuration waits for the first answer of its new sources; then it begins with what there is. */
const FIRST_ANSWER_MS = 5000;

export class Discoveries {
  readonly #options: DiscoveriesOptions;
  /** Of the configuration in force. */
  #current: ReadonlyMap<string, Followed> = new Map();
  /** Of the configuration that is about to be; else the same. */
  #next: ReadonlyMap<string, Followed> = new Map();

  constructor(options: DiscoveriesOptions) {
    this.#options = options;
  }

  /** Starts the sources that are new in `clusters`, and waits for what they say first. Then `commit` or `abandon`. */
  async prepare(clusters: readonly ClusterSpec[]): Promise<void> {
    const next = new Map<string, Followed>();
    const fresh: Followed[] = [];
    for (const { name, discover } of clusters) {
      if (discover === undefined) continue;
      const known = this.#current.get(name);
      const isSame = known !== undefined && JSON.stringify(known.spec) === JSON.stringify(discover);
      const followed = isSame ? known : new Followed(name, discover, this.#options);
      if (!isSame) fresh.push(followed);
      next.set(name, followed);
    }
    this.#next = next;
    const { clock } = this.#options;
    await Promise.all(fresh.map((one) => one.firstAnswer(clock, FIRST_ANSWER_MS)));
  }

  commit(): void {
    closeMissing(this.#current, this.#next);
    this.#current = this.#next;
  }

  abandon(): void {
    closeMissing(this.#next, this.#current);
    this.#next = this.#current;
  }

  /** The endpoints of `cluster`: its own list, and what its source names now. */
  merge(cluster: ClusterSpec): OriginatedEndpoint[] {
    const followed = this.#next.get(cluster.name);
    if (followed === undefined) return mergeEndpoints(cluster.endpoints, [], "config");
    return mergeEndpoints(cluster.endpoints, followed.take(), followed.spec.kind);
  }

  /** undefined for a cluster without a source. */
  status(cluster: string): DiscoveryStatus | undefined {
    return this.#current.get(cluster)?.status();
  }

  close(): void {
    this.#next = new Map();
    this.commit();
  }
}

function closeMissing(from: ReadonlyMap<string, Followed>, kept: ReadonlyMap<string, Followed>): void {
  for (const [name, followed] of from) if (kept.get(name) !== followed) followed.close();
}

/** One cluster's source, and what it said. */
class Followed {
  readonly spec: DiscoverySpec;
  readonly #cluster: string;
  readonly #options: DiscoveriesOptions;
  readonly #source: Source;
  #endpoints: readonly EndpointSpec[] = [];
  /** Somebody uses `#endpoints` as they are. */
  #isTaken = false;
  #problem: string | undefined = undefined;
  #updates = 0;
  #failures = 0;
  #hasAnswered = false;
  #onAnswer: () => void = () => {};

  constructor(cluster: string, spec: DiscoverySpec, options: DiscoveriesOptions) {
    this.#cluster = cluster;
    this.spec = spec;
    this.#options = options;
    this.#source = options.createSource(spec)((finding) => this.#found(finding));
  }

  take(): readonly EndpointSpec[] {
    this.#isTaken = true;
    return this.#endpoints;
  }

  firstAnswer(clock: Clock, ms: number): Promise<void> {
    if (this.#hasAnswered) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = clock.after(ms, () => {
        this.#log("warn", "discovery_slow", `no answer within ${ms} ms: it begins with what there is`);
        resolve();
      });
      this.#onAnswer = () => {
        cancel();
        resolve();
      };
    });
  }

  status(): DiscoveryStatus {
    return {
      source: describeSource(this.spec),
      endpoints: this.#endpoints.length,
      updates: this.#updates,
      failures: this.#failures,
      problem: this.#problem,
    };
  }

  close(): void {
    this.#source.close();
  }

  #found({ endpoints, problem }: Finding): void {
    if (problem !== undefined) this.#failures++;
    if (endpoints !== undefined) this.#follow(endpoints);
    // Told once, however often it is looked at.
    if (problem !== this.#problem) {
      this.#problem = problem;
      if (problem === undefined) this.#log("info", "discovery_recovered", "works again");
      else this.#log("warn", "discovery_failed", `${problem}; what was known last stays`);
    }
    this.#hasAnswered = true;
    this.#onAnswer();
  }

  #follow(endpoints: readonly EndpointSpec[]): void {
    this.#updates++;
    const diff = diffEndpoints(this.#endpoints, endpoints);
    if (isUnchanged(diff)) return;
    this.#endpoints = endpoints;
    this.#log("info", "discovery_changed", `${endpoints.length} endpoints: ${summarizeEndpoints(diff)}`);
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#options.onChange();
  }

  #log(level: LogRecord["level"], event: string, what: string): void {
    const source = describeSource(this.spec);
    const fields = { cluster: this.#cluster, source };
    this.#options.log({ level, event, message: `cluster ${this.#cluster}, ${source}: ${what}`, fields });
  }
}
