/** Addresses as a file writes them. IPv6 comes out in its canonical form (RFC 5952), so that equal addresses are equal. */
import { isIPv4, isIPv6 } from "node:net";
import type { Address } from "../model/address.js";
import { findControl } from "./printable.js";
import { Refused, refuse } from "./refused.js";

export const ADDRESS = 'an address: 10.0.0.1:80, "[::1]:80", :80, localhost:80 or unix:/run/app.sock';

/** sizeof(sockaddr_un.sun_path) on Linux, less the final NUL. */
const MAX_UNIX_PATH_BYTES = 107;

/**
 * @param anyHost what `:80` means: `0.0.0.0` where something listens for everybody, `127.0.0.1` elsewhere
 * @param leastPort 0 where the system may choose a port
 */
export function parseAddress(text: string, anyHost: string, leastPort: 0 | 1): Address | Refused {
  if (text.startsWith("unix:")) return parseUnix(text.slice("unix:".length));
  if (/^[a-z]+:\/\//i.test(text))
    return refuse(`${text} is a URL, not an address`, "write host:port, without the scheme");
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) return refuse(`not an address: ${text}`, hintFor(text));
  const port = Number(match[3]);
  if (port < leastPort || port > 65_535)
    return refuse(`there is no port ${match[3]}`, `ports are ${leastPort} to 65535`);
  const [, inBrackets, plain] = match;
  if (inBrackets !== undefined) return parseIp6(inBrackets, port);
  if (plain === "") return { family: "ip4", host: anyHost, port };
  if (plain === "localhost") return { family: "ip4", host: "127.0.0.1", port };
  if (isIPv4(plain)) return { family: "ip4", host: plain, port };
  if (plain === "*") return refuse("* is not a host", `write :${port} for all addresses`);
  if (/^[\d.]+$/.test(plain)) return refuse(`not an IPv4 address: ${plain}`);
  return refuse(`${plain} is a name, and names are not resolved`, "write its IP address; localhost means 127.0.0.1");
}

/** The canonical text of an IPv6 address, undefined if it is none. */
export function canonicalIp6(host: string): string | undefined {
  return isIPv6(host) && !host.includes("%") ? new URL(`http://[${host}]/`).hostname.slice(1, -1) : undefined;
}

function parseIp6(host: string, port: number): Address | Refused {
  const canonical = canonicalIp6(host);
  if (canonical !== undefined) return { family: "ip6", host: canonical, port };
  const hint = host.includes("%") ? "zone identifiers are not supported" : undefined;
  return refuse(`not an IPv6 address: ${host}`, hint);
}

function parseUnix(path: string): Address | Refused {
  if (!path.startsWith("/")) return refuse(`unix:${path} is not an absolute path`, "write unix:/run/app.sock");
  const control = findControl(path);
  if (control !== undefined) return refuse(`the path contains ${control}`);
  const bytes = new TextEncoder().encode(path).length;
  if (bytes <= MAX_UNIX_PATH_BYTES) return { family: "unix", path };
  return refuse(`the path has ${bytes} bytes; a unix socket's path has at most ${MAX_UNIX_PATH_BYTES}`);
}

function hintFor(text: string): string | undefined {
  if (isIPv4(text) || /^\[.*\]$/.test(text)) return `add a port: ${text}:80`;
  if (isIPv6(text)) return `put an IPv6 address in brackets and add a port: "[${text}]:80"`;
  const port = /^(.*):(\d+)$/.exec(text);
  if (port !== null && isIPv6(port[1])) return `put the IPv6 address in brackets: "[${port[1]}]:${port[2]}"`;
  if (/^\d+$/.test(text)) return `for a port alone write :${text}`;
  return /^[\w.-]+$/.test(text) ? `add a port: ${text}:80` : undefined;
}

/** Where something can be connected to: a port alone is this machine's. */
export function parseTo(input: string): Address | Refused {
  const address = parseAddress(input, "127.0.0.1", 1);
  const name = /^([a-z][\w.-]*):(\d+)$/i.exec(input);
  if (address instanceof Refused && name !== null) {
    const discover = `discover: { dns: { name: ${name[1]}, port: ${name[2]} } }`;
    return refuse(address.message, `write its IP address, or have the cluster follow the name: ${discover}`);
  }
  if (address instanceof Refused || address.family === "unix") return address;
  const isAny = address.host === "0.0.0.0" || address.host === "::";
  return isAny ? refuse(`${address.host} is not a destination`, `write :${address.port} for this machine`) : address;
}
