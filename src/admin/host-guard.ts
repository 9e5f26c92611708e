/**
 * Against DNS rebinding: a page in somebody's browser can make its own name resolve to 127.0.0.1 and then read this port as
 * "its" server. Such a request carries the page's name in Host; people and scrapers that mean us use an address.
 */
import { isIP } from "node:net";

/** @param host the Host field; undefined (HTTP/1.0, which no browser speaks) is allowed */
export function isAllowedHost(host: string | undefined): boolean {
  if (host === undefined) return true;
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(host) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6;
  if (plain === undefined) return false;
  const name = plain.toLowerCase();
  // RFC 6761 6.3: names under localhost never leave this machine, so nobody else can own one.
  return isIP(name) === 4 || name === "localhost" || name.endsWith(".localhost");
}
