/** The system's resolvers, from the text of resolv.conf(5). Search domains are not applied: configured names are complete. */
import type { Address } from "../model/address.js";

const DNS_PORT = 53;
/** MAXNS of the C library. */
const MAX_SERVERS = 3;

/** @param family of an address, 0 for what is none (`net.isIP`) */
export function parseResolvConf(text: string, family: (host: string) => number): Address[] {
  const servers: Address[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, host] = /^\s*nameserver\s+(\S+)/.exec(line) ?? [];
    if (host === undefined || family(host) === 0 || servers.length === MAX_SERVERS) continue;
    servers.push({ family: family(host) === 6 ? "ip6" : "ip4", host, port: DNS_PORT });
  }
  // As the C library does.
  return servers.length > 0 ? servers : [{ family: "ip4", host: "127.0.0.1", port: DNS_PORT }];
}
