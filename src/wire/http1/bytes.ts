/**
 * Byte values and classes of HTTP/1 (RFC 9110 5.6.2, RFC 9112, RFC 3986) as lookup tables: one load per byte decides.
 */

/**
 * Hot code takes what it needs into constants of its own module (`const { CR, LF } = Byte`): V8 folds those into the
 * machine code, but loads an imported binding anew each time it is used (a fifth of the parsers' time).
 */
export const Byte = {
  HTAB: 0x09,
  LF: 0x0a,
  CR: 0x0d,
  SP: 0x20,
  QUOTE: 0x22,
  ASTERISK: 0x2a,
  COMMA: 0x2c,
  HYPHEN: 0x2d,
  DOT: 0x2e,
  SLASH: 0x2f,
  ZERO: 0x30,
  NINE: 0x39,
  COLON: 0x3a,
  SEMICOLON: 0x3b,
  EQUALS: 0x3d,
  QUESTION: 0x3f,
  OPEN_BRACKET: 0x5b,
  BACKSLASH: 0x5c,
  CLOSE_BRACKET: 0x5d,
  UNDERSCORE: 0x5f,
} as const;

const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function table(members: string, value = 1): Uint8Array {
  const classes = new Uint8Array(256);
  for (let i = 0; i < members.length; i++) classes[members.charCodeAt(i)] = value;
  return classes;
}

/** tchar (RFC 9110 5.6.2): 1; the underscore 3, so that a name that holds one shows in the OR of its bytes; else 0. */
export const TOKEN = table(`${ALPHANUMERIC}!#$%&'*+-.^\`|~`);
TOKEN[Byte.UNDERSCORE] = 3;

/** What a field value, reason phrase or quoted string may hold: HTAB, SP, VCHAR, obs-text (RFC 9110 5.5). */
export const VALUE = new Uint8Array(256).fill(1, 0x20);
VALUE[Byte.HTAB] = 1;
VALUE[0x7f] = 0;

/**
 * Request target: 1, and `?` 2. More than RFC 3986 allows (clients do send `|` or `"` raw, and it is forwarded as it
 * came), but never CTL, SP, `#` (a fragment: CVE-2023-45539), DEL or obs-text.
 */
export const TARGET = new Uint8Array(256).fill(1, 0x21, 0x7f);
TARGET[0x23] = 0;
TARGET[Byte.QUESTION] = 2;

/** reg-name (RFC 3986 3.2.2): 1, and `%` 2. Without the comma, which elsewhere joins repeated fields. */
export const HOST_NAME = table(`${ALPHANUMERIC}-._~!$&'()*+;=`);
HOST_NAME[0x25] = 2;

/** The value of a hexadecimal digit plus 1, else 0. */
export const HEX = new Uint8Array(256);
for (let i = 0; i < 16; i++) {
  HEX[i.toString(16).charCodeAt(0)] = i + 1;
  HEX[i.toString(16).toUpperCase().charCodeAt(0)] = i + 1;
}

/** ASCII lower case. */
export const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte));

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
