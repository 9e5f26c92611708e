/**
 * Conditions on header fields and query parameters. A condition holds if one of several fields (parameters) with the
 * name fulfils it, `absent` if there is none. Fields that will not be forwarded are not there.
 */
import { LbError } from "../../base/errors.js";
import type { FieldMatch } from "../../model/spec.js";
import { HEX } from "../../wire/http1/bytes.js";
import { FIELD_STRIDE, Field, type RequestHead } from "../../wire/http1/head.js";
import { isName } from "./header-operations.js";

export interface FieldMatcher {
  readonly kind: FieldMatch["kind"];
  readonly name: Uint8Array;
  readonly value: Uint8Array;
  readonly pattern: RegExp | undefined;
  /** A header condition on Host: it sees the effective authority, not the line. */
  readonly isHost: boolean;
}

export function compileField(match: FieldMatch, isHeader: boolean): FieldMatcher {
  const encoder = new TextEncoder();
  return {
    kind: match.kind,
    name: encoder.encode(isHeader ? match.name.toLowerCase() : match.name),
    value: encoder.encode(match.value),
    pattern: match.kind === "regex" ? compilePattern(match.value) : undefined,
    isHost: isHeader && match.name.toLowerCase() === "host",
  };
}

/** A pattern describes the whole value. @throws LbError CONFIG_INVALID */
export function compilePattern(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, "s");
  } catch (cause) {
    throw new LbError("CONFIG_INVALID", `route: ${source} is not a regular expression`, { cause });
  }
}

export function matchesHeader(matcher: FieldMatcher, bytes: Uint8Array, head: RequestHead): boolean {
  const wantsAbsent = matcher.kind === "absent";
  if (matcher.isHost) {
    const hasHost = head.hostEnd > head.hostStart;
    return hasHost ? !wantsAbsent && matchesValue(matcher, bytes, head.hostStart, head.hostEnd) : wantsAbsent;
  }
  const { name } = matcher;
  const end = head.count * FIELD_STRIDE;
  for (let at = 0; at < end; at += FIELD_STRIDE) {
    const start = head.fields[at + 1];
    if (head.fields[at + 2] - start !== name.length || head.fields[at] === Field.DROPPED) continue;
    if (!isName(name, bytes, start)) continue;
    if (wantsAbsent) return false;
    if (matchesValue(matcher, bytes, head.fields[at + 3], head.fields[at + 4])) return true;
  }
  return wantsAbsent;
}

function matchesValue(matcher: FieldMatcher, bytes: Uint8Array, start: number, end: number): boolean {
  const { kind, value } = matcher;
  if (kind === "present") return true;
  if (kind === "regex") return matcher.pattern!.test(textOf(bytes, start, end));
  const fits = kind === "exact" ? end - start === value.length : end - start >= value.length;
  return fits && hasBytes(bytes, start, value, value.length);
}

/** @param start after the `?` */
export function matchesQuery(matcher: FieldMatcher, bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    let stop = at;
    let nameEnd = -1;
    for (; stop < end && bytes[stop] !== 0x26; stop++) if (nameEnd < 0 && bytes[stop] === 0x3d) nameEnd = stop;
    if (nameEnd < 0) nameEnd = stop;
    if (stop > at && isDecoded(bytes, at, nameEnd, matcher.name, true)) {
      if (matcher.kind === "absent") return false;
      if (matchesParameter(matcher, bytes, Math.min(nameEnd + 1, stop), stop)) return true;
    }
    at = stop + 1;
  }
  return matcher.kind === "absent";
}

function matchesParameter(matcher: FieldMatcher, bytes: Uint8Array, start: number, end: number): boolean {
  const { kind, value } = matcher;
  if (kind === "present") return true;
  if (kind === "regex") return matcher.pattern!.test(decodedText(bytes, start, end));
  return isDecoded(bytes, start, end, value, kind === "exact");
}

/** Whether `[start, end)`, decoded as a form does, is `wanted` (`whole`) or begins with it. */
export function isDecoded(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array, whole: boolean): boolean {
  let at = start;
  for (let i = 0; i < wanted.length; i++) {
    if (at >= end || decodedByte(bytes, at, end) !== wanted[i]) return false;
    at += encodedLength(bytes, at, end);
  }
  return !whole || at === end;
}

function decodedText(bytes: Uint8Array, start: number, end: number): string {
  const decoded: number[] = [];
  for (let at = start; at < end; at += encodedLength(bytes, at, end)) decoded.push(decodedByte(bytes, at, end));
  return new TextDecoder().decode(Uint8Array.from(decoded));
}

/** `+` is a blank in a query (application/x-www-form-urlencoded); a `%` that begins no escape is itself. */
export function decodedByte(bytes: Uint8Array, at: number, end: number): number {
  if (encodedLength(bytes, at, end) === 3) return ((HEX[bytes[at + 1]] - 1) << 4) | (HEX[bytes[at + 2]] - 1);
  return bytes[at] === 0x2b ? 0x20 : bytes[at];
}

export function encodedLength(bytes: Uint8Array, at: number, end: number): 1 | 3 {
  return bytes[at] === 0x25 && at + 2 < end && HEX[bytes[at + 1]] > 0 && HEX[bytes[at + 2]] > 0 ? 3 : 1;
}

export function hasBytes(bytes: Uint8Array, start: number, wanted: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

/** One character per byte. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]);
  return text;
}
