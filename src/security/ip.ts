/**
 * Strict reading of IP addresses into 16 bytes, IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2), so that both families and both
 * spellings of an IPv4 address compare alike. No zones, no leading zeros in IPv4 parts (some readers take them for octal).
 */

export const IP_BYTES = 16;
/** Bits before the IPv4 address in its mapped form. */
export const MAPPED_BITS = 96;

/** Fills `out` (16 bytes) with the address in `text`. False if it is none; `out` is then undefined. */
export function parseIp(text: string, out: Uint8Array): boolean {
  return text.includes(":") ? parseIp6(text, out) : parseMapped(text, out);
}

/** Fills `out` with the mapped form of the 4 bytes of an IPv4 address. */
export function mapIp4(bytes: Uint8Array, start: number, out: Uint8Array): void {
  out.fill(0, 0, 10);
  out.fill(0xff, 10, 12);
  for (let i = 0; i < 4; i++) out[12 + i] = bytes[start + i];
}

function parseMapped(text: string, out: Uint8Array): boolean {
  out.fill(0, 0, 10);
  out.fill(0xff, 10, 12);
  return parseIp4(text, out, 12);
}

function parseIp4(text: string, out: Uint8Array, at: number): boolean {
  const parts = text.split(".");
  if (parts.length !== 4) return false;
  return parts.every((part, i) => {
    if (!/^(0|[1-9]\d{0,2})$/.test(part)) return false;
    out[at + i] = Number(part);
    return Number(part) <= 255;
  });
}

/** RFC 4291 2.2: eight groups, one run of zero groups as `::`, the last two groups maybe as IPv4. */
function parseIp6(text: string, out: Uint8Array): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const head = groupBytes(halves[0], halves.length === 1);
  const tail = groupBytes(halves[1] ?? "", true);
  if (head === undefined || tail === undefined) return false;
  const missing = IP_BYTES - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return false;
  out.fill(0);
  out.set(head, 0);
  out.set(tail, IP_BYTES - tail.length);
  return true;
}

/** The bytes of `a:b:c`; `last`: may end in an IPv4 address. */
function groupBytes(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (last && index === groups.length - 1 && group.includes(".")) {
      const ip4 = new Uint8Array(4);
      if (!parseIp4(group, ip4, 0)) return undefined;
      bytes.push(...ip4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >>> 8, value & 0xff);
    }
  }
  return bytes.length <= IP_BYTES ? bytes : undefined;
}
