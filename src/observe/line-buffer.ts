/**
 * Builds one log line as bytes, without an intermediate string. What comes from anybody's text is printable ASCII only,
 * so no client can end a line, close a quote, or drive the terminal of whoever reads it (control characters, C1 codes,
 * bidirectional marks).
 */

/** Six times (`\u00e9`) the largest head that fits a buffer, and as much again as the rest can need. */
const MAX_LINE = 131_072;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DASH = 0x2d;
const ZERO = 0x30;
const LETTER_A = 0x61;
const LETTER_U = 0x75;
const LETTER_X = 0x78;

/** 0: must be escaped; BLANK: the blank; above: stands for itself everywhere. A table, since each byte of a log asks it. */
const PLAIN = new Uint8Array(256).fill(2, 0x21, 0x7f);
const BLANK = 1;
PLAIN[0x20] = BLANK;
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;

export class LineBuffer {
  readonly bytes = new Uint8Array(MAX_LINE);
  /** Bytes used. Stores beyond the array do nothing, so a line that is too long shows as a length above `bytes.length`. */
  length = 0;

  raw(bytes: Uint8Array): void {
    const into = this.bytes;
    let at = this.length;
    for (let i = 0; i < bytes.length; i++) into[at++] = bytes[i]!;
    this.length = at;
  }

  byte(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  /** The inside of a JSON string (RFC 8259 7). A latin1 character is the byte it was decoded from: U+00E9 for E9. */
  json(text: string): void {
    const into = this.bytes;
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit <= 0xff && PLAIN[unit] !== 0) into[at++] = unit;
      else at = unit === QUOTE || unit === BACKSLASH ? this.#backslash(at, unit) : this.#hex(at, LETTER_U, unit, 4);
    }
    this.length = at;
  }

  /** For between the quotes of a template: `\xHH` as nginx and Apache write it, `\uHHHH` above FF. Empty becomes `-`. */
  quoted(text: string): void {
    this.#escaped(text, 0);
  }

  /** For outside quotes: a blank is escaped too, since it would begin another column. */
  bare(text: string): void {
    this.#escaped(text, BLANK);
  }

  /** @param value an integer of at least 0 */
  integer(value: number): void {
    if (value > 0x7fff_ffff || value !== (value | 0)) {
      this.json(String(value));
      return;
    }
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    let rest = value;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const tens = (rest / 10) | 0;
      this.bytes[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.length += digits;
  }

  /** A value of at least 0 to three decimals, without trailing zeros: milliseconds to the microsecond. */
  decimal(value: number): void {
    const thousandths = Math.round(value * 1000);
    const whole = Math.floor(thousandths / 1000);
    const fraction = thousandths - whole * 1000;
    this.integer(whole);
    if (fraction === 0) return;
    this.byte(0x2e);
    this.byte(ZERO + ((fraction / 100) | 0));
    if (fraction % 100 === 0) return;
    this.byte(ZERO + (((fraction / 10) | 0) % 10));
    if (fraction % 10 !== 0) this.byte(ZERO + (fraction % 10));
  }

  #escaped(text: string, blank: number): void {
    const into = this.bytes;
    let at = this.length;
    if (text === "") into[at++] = DASH;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit <= 0xff && PLAIN[unit]! > blank) into[at++] = unit;
      else at = unit <= 0xff ? this.#hex(at, LETTER_X, unit, 2) : this.#hex(at, LETTER_U, unit, 4);
    }
    this.length = at;
  }

  /** The position after what was written, as `#hex`. */
  #backslash(at: number, byte: number): number {
    this.bytes[at] = BACKSLASH;
    this.bytes[at + 1] = byte;
    return at + 2;
  }

  /** Backslash, `letter`, then `digits` hexadecimal digits. */
  #hex(at: number, letter: number, unit: number, digits: number): number {
    let next = this.#backslash(at, letter);
    for (let shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
      const digit = (unit >>> shift) & 15;
      this.bytes[next++] = digit < 10 ? ZERO + digit : LETTER_A + digit - 10;
    }
    return next;
  }
}
