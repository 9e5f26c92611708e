/** Text or JSON: the only choice that Plimsoll's own answers leave to Accept (RFC 9110 12.5.1). */
import { FIELD_STRIDE, Field, type RequestHead } from "../../wire/http1/head.js";
import { isName } from "./header-operations.js";
import { latin1 } from "./put-bytes.js";

/** Media ranges in rising order of precision. */
const JSON_RANGES = ["*/*", "application/*", "application/json"].map(latin1);
const TEXT_RANGES = ["*/*", "text/*", "text/plain"].map(latin1);

/** JSON is preferred to text, or is named in so many words and liked no less. */
export function prefersJson(bytes: Uint8Array, head: RequestHead): boolean {
  if (head.first[Field.ACCEPT] < 0) return false;
  const json = quality(bytes, head, JSON_RANGES);
  const text = quality(bytes, head, TEXT_RANGES);
  const isNamed = json % 3 === 2;
  return (
    json >= 3 && (isNamed ? Math.floor(json / 3) >= Math.floor(text / 3) : Math.floor(json / 3) > Math.floor(text / 3))
  );
}

/** Weight 0..1000 times 3, plus the precision 0..2 of the range that decided; 0 where none fits. */
function quality(bytes: Uint8Array, head: RequestHead, ranges: readonly Uint8Array[]): number {
  let weight = 0;
  let precision = -1;
  for (let line = head.first[Field.ACCEPT]; line < head.count; line++) {
    const at = line * FIELD_STRIDE;
    if (head.fields[at] !== Field.ACCEPT) continue;
    const end = head.fields[at + 4];
    let start = head.fields[at + 3];
    while (start < end) {
      let stop = start;
      while (stop < end && bytes[stop] !== 0x2c) stop++;
      const found = precisionOf(bytes, start, stop, ranges);
      if (found > precision) {
        precision = found;
        weight = weightOf(bytes, start, stop);
      }
      start = stop + 1;
    }
  }
  return precision < 0 ? 0 : weight * 3 + precision;
}

/** Which of `ranges` the member's media range is, or -1. Parameters other than the weight are not looked at. */
function precisionOf(bytes: Uint8Array, start: number, end: number, ranges: readonly Uint8Array[]): number {
  let from = start;
  while (from < end && isBlank(bytes[from])) from++;
  let to = from;
  while (to < end && bytes[to] !== 0x3b && !isBlank(bytes[to])) to++;
  for (let i = ranges.length - 1; i >= 0; i--) {
    if (ranges[i].length === to - from && isName(ranges[i], bytes, from)) return i;
  }
  return -1;
}

/** The member's `;q=`, in thousandths; 1000 without one. */
function weightOf(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i + 2 < end; i++) {
    if (bytes[i] !== 0x3b) continue;
    let at = i + 1;
    while (at < end && isBlank(bytes[at])) at++;
    if ((bytes[at] | 0x20) !== 0x71 || bytes[at + 1] !== 0x3d) continue;
    at += 2;
    if (at >= end || bytes[at] !== 0x30) return 1000;
    let weight = 0;
    let unit = 100;
    for (at += 2; at < end && unit >= 1 && bytes[at] >= 0x30 && bytes[at] <= 0x39; at++) {
      weight += (bytes[at] - 0x30) * unit;
      unit /= 10;
    }
    return weight;
  }
  return 1000;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}
