/** A set of address ranges such as the trusted proxies of a listener. Small sets, asked once per connection: a plain scan. */
import { LbError } from "../base/errors.js";
import { IP_BYTES, MAPPED_BITS, mapIp4, parseIp } from "./ip.js";

interface Range {
  readonly prefix: Uint8Array;
  /** 0 to 128, counted in the mapped form. */
  readonly bits: number;
}

const MAPPED_PREFIX = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]);

export class CidrSet {
  readonly #ranges: readonly Range[];
  readonly #scratch = new Uint8Array(IP_BYTES);

  /**
   * @param cidrs `10.0.0.0/8`, `2001:db8::/32`, or a single address
   * @throws LbError CONFIG_INVALID for anything else, and for bits set behind the prefix: they tell of a mistake
   */
  constructor(cidrs: readonly string[]) {
    this.#ranges = cidrs.map(parseCidr);
  }

  /** False also for what is no address. IPv4-mapped IPv6 addresses are IPv4. */
  has(address: string): boolean {
    if (this.#ranges.length === 0 || !parseIp(address, this.#scratch)) return false;
    return this.#contains(this.#scratch);
  }

  /** As `has`, for `length` (4 or 16) bytes in network order from `start`. */
  hasBytes(bytes: Uint8Array, start: number, length: number): boolean {
    if (length === 4) mapIp4(bytes, start, this.#scratch);
    else if (length === IP_BYTES) this.#scratch.set(bytes.subarray(start, start + IP_BYTES));
    else return false;
    return this.#contains(this.#scratch);
  }

  #contains(address: Uint8Array): boolean {
    // `::/0` means any IPv6 address: without this it would take in IPv4 too, through the mapped form.
    const leastBits = sharesPrefix(address, MAPPED_PREFIX, MAPPED_BITS) ? MAPPED_BITS : 0;
    for (const range of this.#ranges)
      if (range.bits >= leastBits && sharesPrefix(address, range.prefix, range.bits)) return true;
    return false;
  }
}

function parseCidr(text: string): Range {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const prefix = new Uint8Array(IP_BYTES);
  if (!parseIp(address, prefix)) throw new LbError("CONFIG_INVALID", `${text} is not an address or CIDR`);
  const offset = address.includes(":") ? 0 : MAPPED_BITS;
  const length = slash < 0 ? String(IP_BYTES * 8 - offset) : text.slice(slash + 1);
  const bits = Number(length) + offset;
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || bits > IP_BYTES * 8)
    throw new LbError("CONFIG_INVALID", `${text} has no valid prefix length`);
  if (!isZeroFrom(prefix, bits)) throw new LbError("CONFIG_INVALID", `${text} has bits set behind its prefix`);
  return { prefix, bits };
}

function sharesPrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >>> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = bits & 7;
  return rest === 0 || (a[whole] ^ b[whole]) >>> (8 - rest) === 0;
}

function isZeroFrom(bytes: Uint8Array, bits: number): boolean {
  for (let i = bits; i < IP_BYTES * 8; i++) if ((bytes[i >>> 3] & (0x80 >>> (i & 7))) !== 0) return false;
  return true;
}
