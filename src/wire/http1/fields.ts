/**
 * Reads a field section (RFC 9112 5): header or trailer, request or response. Syntax only; what the fields mean for the
 * message is decided in framing.ts. Each byte is looked at once, in order, and a fault is reported at the first byte
 * that makes it certain: so the result cannot depend on how the bytes arrived.
 */
import type { HttpLimits } from "../../model/spec.js";
import { Byte, TOKEN, VALUE } from "./bytes.js";
import { Field, type Head, FIELD_STRIDE as STRIDE } from "./head.js";
import { aliasId, fieldId } from "./names.js";
import { Fault, type FaultNumber, fail } from "./parse-errors.js";

const { COLON, CR, HTAB, LF, SP } = Byte;
const { OTHER } = Field;
const FIELD_STRIDE = STRIDE;
const NAME_BYTES = TOKEN;
const VALUE_BYTES = VALUE;

// One memory serves a thread for all its life: the view of it is made once.
let viewed: Uint8Array = new Uint8Array(0);
let view = new DataView(viewed.buffer);

/**
 * Fills `out.fields`, `count`, `first`, `repeated` from the field lines at `pos`.
 * @param sectionLimit the offset at which the section is too large
 * @returns the offset after the blank line, 0 = incomplete, < 0 = a fault (BAD_REQUEST or HEADERS_TOO_LARGE)
 */
export function scanFields(
  bytes: Uint8Array,
  pos: number,
  end: number,
  sectionLimit: number,
  limits: HttpLimits,
  out: Head,
): number {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  const words = view;
  const fields = out.fields;
  const first = out.first;
  const maxLine = limits.maxLineBytes;
  const maxSlot = Math.min(limits.maxHeaderCount * FIELD_STRIDE, fields.length);
  const stale = out.present;
  let present = 0;
  let repeated = 0;
  let count = 0;
  let slot = 0;
  for (;;) {
    const limit = Math.min(pos + maxLine, sectionLimit);
    const stop = Math.min(limit, end);
    const nameStart = pos;
    let seen = 0;
    let kind = 0;
    while (pos < stop && (kind = NAME_BYTES[bytes[pos]]) !== 0) {
      seen |= kind;
      pos++;
    }
    if (pos === stop) return stop === limit ? tooLarge(out) : 0;
    if (bytes[pos] !== COLON || pos === nameStart) {
      if (bytes[pos] !== CR || pos !== nameStart) return badName(out, bytes[pos], pos === nameStart);
      if (pos + 1 === stop) return stop === limit ? tooLarge(out) : 0;
      if (bytes[pos + 1] !== LF) return fail(out, Fault.BAD_REQUEST, "a CR without LF ends the field section");
      break;
    }
    const nameEnd = pos++;
    while (pos < stop && (bytes[pos] === SP || bytes[pos] === HTAB)) pos++;
    const valueStart = pos;
    // Four bytes at a time up to the first control character (below 0x20, or 0x7f), whose place the lowest bit tells.
    for (const last = stop - 4; ; pos++) {
      let controls = 0;
      for (; pos <= last; pos += 4) {
        const word = words.getInt32(pos, true);
        const del = word ^ 0x7f7f7f7f;
        controls = (((word - 0x20202020) & ~word) | ((del - 0x01010101) & ~del)) & 0x80808080;
        if (controls !== 0) break;
      }
      if (controls !== 0) pos += (31 - Math.clz32(controls & -controls)) >> 3;
      else while (pos < stop && VALUE_BYTES[bytes[pos]] !== 0) pos++;
      if (pos === stop || bytes[pos] !== HTAB) break;
    }
    if (pos === stop) return stop === limit ? tooLarge(out) : 0;
    if (bytes[pos] !== CR) return fail(out, Fault.BAD_REQUEST, "a control character or bare LF in a field value");
    if (pos + 1 === stop) return stop === limit ? tooLarge(out) : 0;
    if (bytes[pos + 1] !== LF) return fail(out, Fault.BAD_REQUEST, "a CR without LF in a field value");
    if (slot === maxSlot) return fail(out, Fault.HEADERS_TOO_LARGE, "too many field lines");
    let valueEnd = pos;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    pos += 2;
    const id = (seen & 2) === 0 ? fieldId(bytes, nameStart, nameEnd) : aliasId(bytes, nameStart, nameEnd);
    if (id !== OTHER) {
      const bit = 1 << id;
      if ((present & bit) === 0) {
        present |= bit;
        // At once, so that a scan that ends here leaves nothing behind that the next one would not find.
        out.present |= bit;
        first[id] = count;
      } else repeated |= bit;
    }
    fields[slot] = id;
    fields[slot + 1] = nameStart;
    fields[slot + 2] = nameEnd;
    fields[slot + 3] = valueStart;
    fields[slot + 4] = valueEnd;
    slot += FIELD_STRIDE;
    count++;
  }
  // Only what an earlier message had and this one has not: cheaper than clearing all.
  for (let rest = stale & ~present; rest !== 0; rest &= rest - 1) first[31 - Math.clz32(rest & -rest)] = -1;
  out.present = present;
  out.repeated = repeated;
  out.count = count;
  return pos + 2;
}

function tooLarge(out: Head): FaultNumber {
  return fail(out, Fault.HEADERS_TOO_LARGE, "a field line or the field section is too long");
}

function badName(out: Head, byte: number, atStart: boolean): FaultNumber {
  if (!atStart) {
    if (byte === SP || byte === HTAB) return fail(out, Fault.BAD_REQUEST, "a blank in or after a field name");
    if (byte === CR || byte === LF) return fail(out, Fault.BAD_REQUEST, "a field line without colon");
    return fail(out, Fault.BAD_REQUEST, "a character that no field name may hold");
  }
  if (byte === SP || byte === HTAB) return fail(out, Fault.BAD_REQUEST, "a field line that starts with a blank");
  if (byte === COLON) return fail(out, Fault.BAD_REQUEST, "an empty field name");
  if (byte === LF) return fail(out, Fault.BAD_REQUEST, "a bare LF ends the field section");
  return fail(out, Fault.BAD_REQUEST, "a character that no field name may hold");
}
