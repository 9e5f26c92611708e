/** The four forms of a request target (RFC 9112 3.2): which one it is, and where path, query and authority lie. */
import { authorityHostEnd } from "./authority.js";
import { Byte } from "./bytes.js";
import { Method, type RequestHead } from "./head.js";

const { ASTERISK, QUESTION, SLASH } = Byte;
const { CONNECT, OPTIONS } = Method;

/**
 * Splits `[start, end)`, whose bytes have been checked, and sets path, query and, where the target names one, the
 * authority (else hostStart === hostEnd).
 * CONNECT: the path is the authority, as nothing else can stand for the request in a log.
 * @param pathEnd the offset of the first `?`, or `end`
 * @returns false if the target has no form that the method allows
 */
export function readTarget(bytes: Uint8Array, start: number, pathEnd: number, end: number, out: RequestHead): boolean {
  out.pathStart = start;
  out.pathEnd = pathEnd;
  out.queryEnd = end;
  out.pathImplied = false;
  out.hostStart = start;
  out.hostEnd = start;
  if (out.method === CONNECT) return readAuthorityForm(bytes, start, end, out);
  if (bytes[start] === SLASH) return true;
  if (bytes[start] === ASTERISK) return end - start === 1 && out.method === OPTIONS;
  return readAbsoluteForm(bytes, start, end, out);
}

function readAuthorityForm(bytes: Uint8Array, start: number, end: number, out: RequestHead): boolean {
  const hostEnd = authorityHostEnd(bytes, start, end);
  // A port is required, and an empty one is none (RFC 9110 9.3.6).
  if (hostEnd < 0 || end - hostEnd < 2) return false;
  out.pathEnd = end;
  out.hostEnd = end;
  return true;
}

function readAbsoluteForm(bytes: Uint8Array, start: number, end: number, out: RequestHead): boolean {
  const authority = afterScheme(bytes, start, end);
  if (authority < 0) return false;
  let pos = authority;
  while (pos < end && bytes[pos] !== SLASH && bytes[pos] !== QUESTION) pos++;
  if (authorityHostEnd(bytes, authority, pos) < 0) return false;
  out.hostStart = authority;
  out.hostEnd = pos;
  out.pathStart = pos;
  out.pathImplied = pos === end || bytes[pos] === QUESTION;
  while (pos < end && bytes[pos] !== QUESTION) pos++;
  out.pathEnd = pos;
  return true;
}

/** The offset after `http://` or `https://` in any case (RFC 3986 3.1), or -1. */
function afterScheme(bytes: Uint8Array, start: number, end: number): number {
  if (!startsWith(bytes, start, end, "http")) return -1;
  const colon = start + 4 < end && (bytes[start + 4] | 0x20) === 0x73 ? start + 5 : start + 4;
  return startsWith(bytes, colon, end, "://") ? colon + 3 : -1;
}

function startsWith(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start < text.length) return false;
  // Among target bytes only letters change under | 0x20 into what is compared here.
  for (let i = 0; i < text.length; i++) if ((bytes[start + i] | 0x20) !== text.charCodeAt(i)) return false;
  return true;
}
