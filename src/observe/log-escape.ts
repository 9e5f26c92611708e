/**
 * Makes text from anybody safe to stand in a log line: what comes out is printable ASCII only, so no client can end a line,
 * close a quote, or drive the terminal of whoever reads it (control characters, C1 codes, bidirectional marks).
 */

/** Anything that a JSON string may not, or a log line should not, contain as it is. */
const UNSAFE_IN_QUOTES = /[^ !#-[\]-~]/;
const UNSAFE_BARE = /[^!#-[\]-~]/;

/** The inside of a JSON string (RFC 8259 7). A latin1 character is the byte it was decoded from: U+00E9 for E9. */
export function escapeJson(text: string): string {
  return UNSAFE_IN_QUOTES.test(text) ? escapeAll(text, UNSAFE_IN_QUOTES, jsonEscape) : text;
}

/** For between the quotes of a template: `\xHH` as nginx and Apache write it, `\uHHHH` above FF. Empty becomes `-`. */
export function escapeQuoted(text: string): string {
  if (UNSAFE_IN_QUOTES.test(text)) return escapeAll(text, UNSAFE_IN_QUOTES, hexEscape);
  return text === "" ? "-" : text;
}

/** For outside quotes: a blank is escaped too, since it would begin another column. */
export function escapeBare(text: string): string {
  if (UNSAFE_BARE.test(text)) return escapeAll(text, UNSAFE_BARE, hexEscape);
  return text === "" ? "-" : text;
}

function escapeAll(text: string, unsafe: RegExp, replace: (unit: number) => string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    out += unsafe.test(character) ? replace(text.charCodeAt(i)) : character;
  }
  return out;
}

function jsonEscape(unit: number): string {
  if (unit === 0x22) return '\\"';
  if (unit === 0x5c) return "\\\\";
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}

function hexEscape(unit: number): string {
  const hex = unit.toString(16).padStart(2, "0");
  return unit <= 0xff ? `\\x${hex}` : `\\u${hex.padStart(4, "0")}`;
}
