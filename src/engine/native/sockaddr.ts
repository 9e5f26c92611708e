/** `struct sockaddr_in`, `sockaddr_in6` and `sockaddr_un` of Linux as bytes: pure, so it is tested without a socket. */
import { isIPv4 } from "node:net";
import type { Address } from "../../model/address.js";

/** Room for any socket address: sizeof(struct sockaddr_un) rounded up. */
export const SOCKADDR_BYTES = 112;

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

export function familyOf(address: Address): number {
  if (address.family === "unix") return AF_UNIX;
  return address.family === "ip6" ? AF_INET6 : AF_INET;
}

/** Writes `address` at `offset` and returns its length. Throws RangeError for a host or path that does not fit. */
export function encodeSockaddr(address: Address, bytes: Uint8Array, offset: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, SOCKADDR_BYTES);
  bytes.fill(0, offset, offset + SOCKADDR_BYTES);
  view.setUint16(0, familyOf(address), true);
  if (address.family === "unix") {
    const path = new TextEncoder().encode(address.path);
    if (path.length > 107) throw new RangeError(`unix socket path longer than 107 bytes: ${address.path}`);
    bytes.set(path, offset + 2);
    return 2 + path.length + 1;
  }
  view.setUint16(2, address.port);
  if (address.family === "ip4") {
    if (!isIPv4(address.host)) throw new RangeError(`not an IPv4 address: ${address.host}`);
    for (const [i, part] of address.host.split(".").entries()) view.setUint8(4 + i, Number(part));
    return 16;
  }
  const groups = parseIp6(address.host);
  for (let i = 0; i < 8; i++) view.setUint16(8 + 2 * i, groups[i]);
  return 28;
}

/** The address at `offset`; undefined for unnamed unix sockets and unknown families. IPv4-mapped IPv6 becomes IPv4. */
export function decodeSockaddr(bytes: Uint8Array, offset: number): Address | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, SOCKADDR_BYTES);
  switch (view.getUint16(0, true)) {
    case AF_INET:
      return { family: "ip4", host: ip4(view, 4), port: view.getUint16(2) };
    case AF_INET6: {
      const port = view.getUint16(2);
      const mapped = view.getUint32(8) === 0 && view.getUint32(12) === 0 && view.getUint32(16) === 0xffff;
      if (mapped) return { family: "ip4", host: ip4(view, 20), port };
      return { family: "ip6", host: formatIp6(view), port };
    }
    default:
      return undefined;
  }
}

function ip4(view: DataView, at: number): string {
  return `${view.getUint8(at)}.${view.getUint8(at + 1)}.${view.getUint8(at + 2)}.${view.getUint8(at + 3)}`;
}

function parseIp6(host: string): number[] {
  const [head, tail] = host.includes("::") ? host.split("::") : [host, undefined];
  const left = head === "" ? [] : head.split(":").flatMap(group16);
  const right = tail === undefined || tail === "" ? [] : tail.split(":").flatMap(group16);
  const missing = 8 - left.length - right.length;
  const groups = [...left, ...new Array<number>(Math.max(0, missing)).fill(0), ...right];
  if (groups.length !== 8 || groups.some((g) => !(g >= 0 && g <= 0xffff)) || (tail === undefined && missing !== 0)) {
    throw new RangeError(`not an IPv6 address: ${host}`);
  }
  return groups;
}

function group16(text: string): number[] {
  if (isIPv4(text)) {
    const [a, b, c, d] = text.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  }
  return [/^[0-9a-f]{1,4}$/i.test(text) ? Number.parseInt(text, 16) : -1];
}

/** RFC 5952: lower case, the longest run of two or more zero groups as `::`. */
function formatIp6(view: DataView): string {
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(8 + 2 * i));
  let from = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run++;
    if (run > length) {
      from = i;
      length = run;
    }
  }
  const text = (part: number[]) => part.map((g) => g.toString(16)).join(":");
  return from < 0 ? text(groups) : `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`;
}
