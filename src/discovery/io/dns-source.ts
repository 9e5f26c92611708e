/** Endpoints from DNS: asks, and asks again when what was answered expires. Whatever fails, the last good set stays. */
import { setMaxListeners } from "node:events";
import type { Clock } from "../../base/clock.js";
import type { Random } from "../../base/random.js";
import type { DnsDiscoverySpec, EndpointSpec } from "../../model/spec.js";
import type { DnsVerdict } from "../dns-answer.js";
import { DnsMemory } from "../dns-memory.js";
import type { DnsQuestion, QuestionType } from "../dns-message.js";
import { delayAfterAnswer, delayAfterFailure } from "../dns-schedule.js";
import { logicalEndpoint, serviceEndpoints, strictEndpoints } from "../dns-set.js";
import type { Finding, Source } from "../source.js";
import { resolveQuestion } from "./dns-resolver.js";

/** Targets of one SRV name: more are a mistake, or an attack on the resolver through us. */
const MAX_TARGETS = 1000;
/** Questions at once. */
const PARALLEL = 16;

export interface DnsSourceOptions {
  readonly spec: DnsDiscoverySpec;
  readonly clock: Clock;
  readonly random: Random;
}

export function startDnsSource(options: DnsSourceOptions, found: (finding: Finding) => void): Source {
  const lookup = new Lookup(options);
  const { clock, random, spec } = options;
  let failures = 0;
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    const { finding, ttlMs } = await lookup.run();
    if (lookup.isClosed) return;
    failures = finding.problem === undefined ? 0 : failures + 1;
    const delay = failures === 0 ? delayAfterAnswer(ttlMs, spec, random) : delayAfterFailure(failures, spec, random);
    // Before anybody hears of it, who may close this.
    cancel = clock.after(delay, () => void look());
    found(finding);
  };
  void look();
  return {
    close: () => {
      lookup.close();
      cancel();
    },
  };
}

class Lookup {
  readonly #spec: DnsDiscoverySpec;
  readonly #clock: Clock;
  readonly #memory = new DnsMemory();
  readonly #abort = new AbortController();
  /** Since when the name is unknown. */
  #unknownSince: number | undefined = undefined;
  /** Where a logical endpoint is. */
  #current: string | undefined = undefined;

  constructor({ spec, clock }: DnsSourceOptions) {
    this.#spec = spec;
    this.#clock = clock;
    // Each question listens to it, and that many are no leak.
    setMaxListeners(PARALLEL * 2, this.#abort.signal);
  }

  get isClosed(): boolean {
    return this.#abort.signal.aborted;
  }

  close(): void {
    this.#abort.abort();
  }

  async run(): Promise<{ finding: Finding; ttlMs: number }> {
    const memory = this.#memory;
    memory.begin();
    const isUnknown = this.#spec.type === "SRV" ? await this.#askServices() : await this.#askAddresses();
    memory.end();
    this.#unknownSince = isUnknown ? (this.#unknownSince ?? this.#clock.now()) : undefined;
    return { finding: this.#judge(), ttlMs: memory.ttlMs };
  }

  #judge(): Finding {
    const { forgetMs } = this.#spec;
    const { problem } = this.#memory;
    if (this.#unknownSince !== undefined) {
      const isGone = forgetMs > 0 && this.#clock.now() - this.#unknownSince >= forgetMs;
      if (!isGone) return { endpoints: undefined, problem };
      this.#memory.clear();
      return { endpoints: [], problem };
    }
    const endpoints = this.#endpoints();
    if (endpoints.length > 0) return { endpoints, problem };
    const { name, type } = this.#spec;
    return { endpoints: undefined, problem: problem ?? `${name} has no usable ${type} record` };
  }

  #endpoints(): EndpointSpec[] {
    const { type, mode, name, port } = this.#spec;
    const memory = this.#memory;
    if (type === "SRV") {
      return serviceEndpoints(memory.services({ name, type }), (target) => {
        const found = memory.addresses({ name: target, type: "A" });
        return found.length > 0 ? found : memory.addresses({ name: target, type: "AAAA" });
      });
    }
    const addresses = this.#families().flatMap((family) => memory.addresses({ name, type: family }));
    if (mode === "strict" || addresses.length === 0) return strictEndpoints(addresses, port);
    const endpoint = logicalEndpoint(this.#spec, addresses, this.#current);
    this.#current = endpoint.address.family === "unix" ? undefined : endpoint.address.host;
    return [endpoint];
  }

  #families(): QuestionType[] {
    const { type } = this.#spec;
    return type === "A+AAAA" ? ["A", "AAAA"] : [type];
  }

  /** True if the name is unknown. */
  async #askAddresses(): Promise<boolean> {
    const { name } = this.#spec;
    const verdicts = await Promise.all(this.#families().map((type) => this.#ask({ name, type })));
    return verdicts.every(({ kind }) => kind === "unknown");
  }

  /** The services, then each target's addresses: of the second family only where there are none of the first. */
  async #askServices(): Promise<boolean> {
    const question = { name: this.#spec.name, type: "SRV" } as const;
    const { kind } = await this.#ask(question);
    if (kind === "unknown") return true;
    const services = this.#memory.services(question);
    const targets = [...new Set(services.map(({ target }) => target))].slice(0, MAX_TARGETS);
    const askNext = async (): Promise<void> => {
      for (let name = targets.pop(); name !== undefined; name = targets.pop()) {
        const first = await this.#ask({ name, type: "A" });
        if (first.kind === "empty") await this.#ask({ name, type: "AAAA" });
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, askNext));
    return false;
  }

  async #ask(question: DnsQuestion): Promise<DnsVerdict> {
    const { resolvers, timeoutMs } = this.#spec;
    const options = { clock: this.#clock, timeoutMs, signal: this.#abort.signal };
    const verdict = await resolveQuestion(question, resolvers, options);
    this.#memory.learn(question, verdict);
    return verdict;
  }
}
