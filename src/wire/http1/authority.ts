/** The syntax of `uri-host [":" port]` (RFC 3986 3.2, RFC 9110 7.2): what a Host field and a target may name. */
import { Byte, HEX, HOST_NAME, isDigit } from "./bytes.js";

const { CLOSE_BRACKET, COLON, DOT, OPEN_BRACKET, ZERO } = Byte;
const NAME_BYTES = HOST_NAME;

/**
 * Where the host ends and `:port` begins (`end` if there is no port), or -1 for anything but a host with an optional
 * port up to 65535. No userinfo, no list, no blanks. The host may not be empty: that would make an http URI which every
 * recipient must refuse (RFC 9110 4.2.1). An empty port ("host:") is valid and means the default.
 */
export function authorityHostEnd(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return -1;
  let pos = start;
  if (bytes[start] === OPEN_BRACKET) {
    while (pos < end && bytes[pos] !== CLOSE_BRACKET) pos++;
    if (pos === end || !isIpv6(bytes, start + 1, pos)) return -1;
    pos++;
  } else {
    let kind = 0;
    while (pos < end && (kind = NAME_BYTES[bytes[pos]]) !== 0) {
      if (kind === 2 && !(pos + 2 < end && HEX[bytes[pos + 1]] > 0 && HEX[bytes[pos + 2]] > 0)) return -1;
      pos++;
    }
    if (pos === start) return -1;
  }
  if (pos === end) return end;
  if (bytes[pos] !== COLON || end - pos > 6) return -1;
  let port = 0;
  for (let i = pos + 1; i < end; i++) {
    if (!isDigit(bytes[i])) return -1;
    port = port * 10 + (bytes[i] - ZERO);
  }
  return port <= 65_535 ? pos : -1;
}

/** IPv6address of RFC 3986 3.2.2: eight groups of up to four hex digits, one `::`, IPv4 in place of the last two. */
function isIpv6(bytes: Uint8Array, start: number, end: number): boolean {
  let groups = 0;
  let elided = false;
  let pos = start;
  if (end - start >= 2 && bytes[start] === COLON) {
    if (bytes[start + 1] !== COLON) return false;
    elided = true;
    pos += 2;
  }
  while (pos < end) {
    const groupStart = pos;
    while (pos < end && HEX[bytes[pos]] > 0) pos++;
    if (pos < end && bytes[pos] === DOT) return isIpv4(bytes, groupStart, end) && isFull(groups + 2, elided);
    if (pos === groupStart || pos - groupStart > 4) return false;
    groups++;
    if (pos === end) break;
    if (bytes[pos] !== COLON || ++pos === end) return false;
    if (bytes[pos] === COLON) {
      if (elided) return false;
      elided = true;
      pos++;
    }
  }
  return isFull(groups, elided);
}

function isFull(groups: number, elided: boolean): boolean {
  return elided ? groups <= 7 : groups === 8;
}

function isIpv4(bytes: Uint8Array, start: number, end: number): boolean {
  let pos = start;
  for (let octet = 0; octet < 4; octet++) {
    if (octet > 0 && (pos === end || bytes[pos++] !== DOT)) return false;
    const digits = pos;
    let value = 0;
    while (pos < end && pos - digits < 3 && isDigit(bytes[pos])) value = value * 10 + (bytes[pos++] - ZERO);
    if (pos === digits || value > 255 || (pos - digits > 1 && bytes[digits] === ZERO)) return false;
  }
  return pos === end;
}
