/** From what DNS said to a cluster's endpoints. */
import { type Address, formatAddress } from "../model/address.js";
import type { DnsDiscoverySpec, EndpointSpec } from "../model/spec.js";
import type { DnsService } from "./dns-message.js";

/** Highest weight and number of levels that a configuration may have. */
const MAX_WEIGHT = 1000;
const MAX_PRIORITY = 15;

/** `strict`: one for each address. Sorted: servers rotate their answers, which must not look like a change. */
export function strictEndpoints(addresses: readonly string[], port: number): EndpointSpec[] {
  return [...new Set(addresses)].sort().map((host) => plainEndpoint(toAddress(host, port)));
}

/**
 * `logical`: the name is the endpoint. It stays at the address that it has for as long as that is among the answers: servers
 * rotate them, and a move costs every connection.
 */
export function logicalEndpoint(
  { name, port }: Pick<DnsDiscoverySpec, "name" | "port">,
  addresses: readonly string[],
  current: string | undefined,
): EndpointSpec {
  const host = current !== undefined && addresses.includes(current) ? current : addresses[0];
  return { ...plainEndpoint(toAddress(host, port)), id: `${name}:${port}` };
}

/**
 * SRV (RFC 2782): each address of each target. Priorities become levels 0, 1 ... in their order. Weight 0 means "hardly any",
 * which is 1 here, since 0 drains; weights above what a configuration may have are scaled down together.
 */
export function serviceEndpoints(
  services: readonly DnsService[],
  addressesOf: (target: string) => readonly string[],
): EndpointSpec[] {
  const levels = [...new Set(services.map(({ priority }) => priority))].sort((a, b) => a - b);
  const largest = Math.max(MAX_WEIGHT, ...services.map(({ weight }) => weight));
  const endpoints = new Map<string, EndpointSpec>();
  for (const service of [...services].sort(bySteadyOrder)) {
    const weight = Math.max(1, Math.round((service.weight * MAX_WEIGHT) / largest));
    const priority = Math.min(MAX_PRIORITY, levels.indexOf(service.priority));
    for (const host of [...addressesOf(service.target)].sort()) {
      const endpoint = { ...plainEndpoint(toAddress(host, service.port)), weight, priority };
      // Two names of one address: the first level counts.
      if (!endpoints.has(endpoint.id)) endpoints.set(endpoint.id, endpoint);
    }
  }
  return [...endpoints.values()];
}

function bySteadyOrder(a: DnsService, b: DnsService): number {
  return a.priority - b.priority || (a.target < b.target ? -1 : a.target > b.target ? 1 : a.port - b.port);
}

function toAddress(host: string, port: number): Address {
  return { family: host.includes(":") ? "ip6" : "ip4", host, port };
}

function plainEndpoint(address: Address): EndpointSpec {
  return { id: formatAddress(address), address, weight: 1, maxConnections: 0, priority: 0, zone: "" };
}
