/**
 * What DNS said last about each question of one cluster. A question that fails is answered from memory, so that a set that takes
 * many questions (addresses of both families, targets of SRV) does not lose what one of them failed to tell.
 */
import type { DnsVerdict } from "./dns-answer.js";
import type { DnsQuestion, DnsService } from "./dns-message.js";

type Good = Extract<DnsVerdict, { readonly kind: "addresses" | "services" }>;

export class DnsMemory {
  #known = new Map<string, Good>();
  #asked = new Set<string>();
  #problem: string | undefined = undefined;
  #ttlMs = Number.POSITIVE_INFINITY;

  /** Begins a round of questions. */
  begin(): void {
    this.#asked = new Set();
    this.#problem = undefined;
    this.#ttlMs = Number.POSITIVE_INFINITY;
  }

  learn(question: DnsQuestion, verdict: DnsVerdict): void {
    const key = keyOf(question);
    this.#asked.add(key);
    switch (verdict.kind) {
      case "addresses":
      case "services":
        this.#known.set(key, verdict);
        this.#ttlMs = Math.min(this.#ttlMs, verdict.ttlMs);
        break;
      case "empty":
        this.#known.delete(key);
        break;
      case "unknown":
        this.#problem ??= `${question.name}: there is no such name (NXDOMAIN)`;
        break;
      case "failed":
        this.#problem ??= `${question.name} ${question.type}: ${verdict.reason}`;
        break;
    }
  }

  /** Ends the round: what was not asked for is forgotten. */
  end(): void {
    for (const key of this.#known.keys()) if (!this.#asked.has(key)) this.#known.delete(key);
  }

  /** The name is gone. */
  clear(): void {
    this.#known.clear();
  }

  addresses(question: DnsQuestion): readonly string[] {
    const known = this.#known.get(keyOf(question));
    return known?.kind === "addresses" ? known.addresses : [];
  }

  services(question: DnsQuestion): readonly DnsService[] {
    const known = this.#known.get(keyOf(question));
    return known?.kind === "services" ? known.services : [];
  }

  /** The first that went wrong in this round. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The shortest of this round; Infinity where nothing was answered. */
  get ttlMs(): number {
    return this.#ttlMs;
  }
}

function keyOf({ name, type }: DnsQuestion): string {
  return `${type} ${name}`;
}
