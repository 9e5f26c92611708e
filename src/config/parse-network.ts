/** Networks (CIDR) and status ranges. */
import { isIPv4 } from "node:net";
import { canonicalIp6 } from "./parse-address.js";
import { type Refused, refuse } from "./refused.js";

export const NETWORK = "a network such as 10.0.0.0/8 or 2001:db8::/32, or one address";
export const STATUSES = "a status such as 200, a range such as 200-399 or a class such as 2xx";

/** `10.0.0.0/8`; an address alone gets its full length. Bits beyond the prefix must be 0: else one of the two is a mistake. */
export function parseNetwork(text: string): string | Refused {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  if (match === null) return refuse(`not a network: ${text}`);
  const host = isIPv4(match[1]) ? match[1] : canonicalIp6(match[1]);
  if (host === undefined) return refuse(`not an IP address: ${match[1]}`);
  const size = host.includes(":") ? 128 : 32;
  const length = match[2] === undefined ? size : Number(match[2]);
  if (length > size) return refuse(`/${length} is longer than an address of ${size} bits`);
  const network = masked(host, size, length);
  return network === host
    ? `${host}/${length}`
    : refuse(`${text} has bits set beyond its prefix`, `write ${network}/${length}`);
}

function masked(host: string, size: 32 | 128, length: number): string {
  const bits = toInteger(host, size) & (((1n << BigInt(length)) - 1n) << BigInt(size - length));
  if (size === 32) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return canonicalIp6(groups.join(":"))!;
}

function toInteger(host: string, size: 32 | 128): bigint {
  if (size === 32) return host.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head, tail] = host.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

/** An inclusive range. */
export function parseStatuses(input: string | number): readonly [number, number] | Refused {
  const match = /^(?:(\d{3})|(\d{3})-(\d{3})|([1-5])xx)$/.exec(String(input));
  if (match === null) return refuse(`not a status: ${input}`);
  const [, one, from, to, digit] = match;
  const low = Number(one ?? from ?? Number(digit) * 100);
  const high = Number(one ?? to ?? Number(digit) * 100 + 99);
  if (low < 100 || high > 599) return refuse(`statuses are 100 to 599: ${input}`);
  return low <= high ? [low, high] : refuse(`${input} is empty`, `write ${high}-${low}`);
}
