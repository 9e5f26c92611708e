/** The value of Retry-After (RFC 9110 10.2.3): seconds, or a date in the one form that is still generated (5.6.7). */

/** A day of pause is as good as for ever, and keeps the arithmetic small. */
const MAX_MS = 86_400_000;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** `Sun, 06 Nov 1994 08:49:37 GMT`. */
const DATE_LENGTH = 29;
/** What stands between its parts: offset and byte, in turn. */
const MARKS = [3, 0x2c, 4, 0x20, 7, 0x20, 11, 0x20, 16, 0x20, 19, 0x3a, 22, 0x3a, 25, 0x20];

/**
 * Milliseconds to wait, at most a day; 0 for what is no such value or is past.
 * @param wallNow milliseconds since 1970
 */
export function parseRetryAfter(bytes: Uint8Array, start: number, end: number, wallNow: number): number {
  const seconds = digits(bytes, start, end);
  if (seconds >= 0) return Math.min(MAX_MS, seconds * 1000);
  const at = end - start === DATE_LENGTH ? parseDate(bytes, start) : -1;
  return at < 0 ? 0 : Math.min(MAX_MS, Math.max(0, at - wallNow));
}

/** -1: not (only) digits, or none. */
function digits(bytes: Uint8Array, start: number, end: number): number {
  let value = start < end ? 0 : -1;
  for (let i = start; i < end; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = Math.min(1e9, value * 10 + digit);
  }
  return value;
}

/** Milliseconds since 1970, or -1. Nobody depends on the name of the day: it is not looked at. */
function parseDate(bytes: Uint8Array, start: number): number {
  for (let i = 0; i < MARKS.length; i += 2) if (bytes[start + MARKS[i]] !== MARKS[i + 1]) return -1;
  const day = digits(bytes, start + 5, start + 7);
  const month = monthAt(bytes, start + 8);
  const year = digits(bytes, start + 12, start + 16);
  const hour = digits(bytes, start + 17, start + 19);
  const minute = digits(bytes, start + 20, start + 22);
  const second = digits(bytes, start + 23, start + 25);
  const isWhole = day >= 1 && day <= 31 && month >= 0 && year >= 1970 && hour >= 0 && hour < 24;
  if (!isWhole || minute < 0 || minute > 59 || second < 0 || second > 60) return -1;
  return (daysBefore(year, month + 1, day) * 86_400 + hour * 3600 + minute * 60 + second) * 1000;
}

function monthAt(bytes: Uint8Array, at: number): number {
  const name = String.fromCharCode(bytes[at] | 0x20, bytes[at + 1] | 0x20, bytes[at + 2] | 0x20);
  return MONTHS.indexOf(name);
}

/** Days from 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms"): years begin in March. */
function daysBefore(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
