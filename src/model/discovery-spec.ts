/** Where a cluster's endpoints come from besides its own list. */
import type { Address } from "./address.js";

export type DiscoverySpec = FileDiscoverySpec | DnsDiscoverySpec;

/** A file with a list of endpoints, followed as it changes. */
export interface FileDiscoverySpec {
  readonly kind: "file";
  readonly path: string;
}

export interface DnsDiscoverySpec {
  readonly kind: "dns";
  /** Fully qualified: no search domain is appended. */
  readonly name: string;
  /** Of every endpoint; 0 for SRV, whose answers carry the port. */
  readonly port: number;
  readonly type: DnsType;
  /** `strict`: every address is an endpoint. `logical`: the name is one endpoint, at one address at a time. */
  readonly mode: "strict" | "logical";
  /** Bounds of how long an answer is used before it is asked for again. */
  readonly minTtlMs: number;
  readonly maxTtlMs: number;
  /** One question to one server. */
  readonly timeoutMs: number;
  /** So long a name must be unknown (NXDOMAIN) until its endpoints are given up; 0 = never. */
  readonly forgetMs: number;
  /** Asked in this order; empty = what /etc/resolv.conf says. */
  readonly resolvers: readonly Address[];
}

export type DnsType = "A" | "AAAA" | "A+AAAA" | "SRV";

/** Who named an endpoint: the cluster's own list, its source, or an operator at run time. */
export type Origin = "config" | DiscoverySpec["kind"] | "admin";

/** What an operator reads: `file /etc/web.yaml`, `dns SRV _http._tcp.web.internal`. */
export function describeSource(discovery: DiscoverySpec): string {
  return discovery.kind === "file" ? `file ${discovery.path}` : `dns ${discovery.type} ${discovery.name}`;
}
