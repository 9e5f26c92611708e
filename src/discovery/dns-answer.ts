/** What a DNS response says about the question: follows aliases, and tells "there is none" from "nobody could say". */
import type { DnsQuestion, DnsResponse, DnsService } from "./dns-message.js";

export type DnsVerdict =
  | { readonly kind: "addresses"; readonly addresses: readonly string[]; readonly ttlMs: number }
  | { readonly kind: "services"; readonly services: readonly DnsService[]; readonly ttlMs: number }
  /** The name exists, without such records. */
  | { readonly kind: "empty" }
  /** NXDOMAIN: there is no such name. */
  | { readonly kind: "unknown" }
  /** Says nothing about the name. */
  | { readonly kind: "failed"; readonly reason: string };

/** RFC 1034 wants chains to be short; resolvers give up after 8 to 16. */
const MAX_ALIASES = 8;
const NXDOMAIN = 3;
const CODES: Readonly<Record<number, string>> = { 1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED" };

export function judgeResponse(response: DnsResponse, question: DnsQuestion): DnsVerdict {
  if (response.code === NXDOMAIN) return { kind: "unknown" };
  if (response.code !== 0) return { kind: "failed", reason: CODES[response.code] ?? `response code ${response.code}` };
  let { name } = question;
  let ttlMs = Number.POSITIVE_INFINITY;
  for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
    const own = response.answers.filter((record) => record.name === name);
    const alias = own.find((record) => record.type === "CNAME");
    if (alias?.type !== "CNAME") return collect(own, question, ttlMs);
    ttlMs = Math.min(ttlMs, alias.ttlMs);
    name = alias.target;
  }
  return { kind: "failed", reason: `more than ${MAX_ALIASES} aliases, or a loop of them` };
}

function collect(records: DnsResponse["answers"], { type }: DnsQuestion, aliasTtlMs: number): DnsVerdict {
  let ttlMs = aliasTtlMs;
  const addresses = new Set<string>();
  const services: DnsService[] = [];
  for (const record of records) {
    if (record.type !== type) continue;
    ttlMs = Math.min(ttlMs, record.ttlMs);
    if (record.type === "SRV") {
      if (isHostName(record.service.target) && record.service.port !== 0) services.push(record.service);
    } else if (isDestination(record.address)) addresses.add(record.address);
  }
  if (services.length > 0) return { kind: "services", services, ttlMs };
  return addresses.size > 0 ? { kind: "addresses", addresses: [...addresses], ttlMs } : { kind: "empty" };
}

/** What may be asked for in turn; no name at all means that there is no such service (RFC 2782). */
function isHostName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/.test(name);
}

/** Not "any", "this network", multicast or broadcast: filters and mistakes answer with these, and nobody is there. */
function isDestination(address: string): boolean {
  if (address.includes(":")) return address !== "::" && !/^ff[0-9a-f]{2}:/.test(address);
  const first = Number(address.slice(0, address.indexOf(".")));
  return first !== 0 && (first < 224 || (first >= 240 && address !== "255.255.255.255"));
}
