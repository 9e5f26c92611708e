/** Judges the answer to a TCP check: somewhere in its first bytes must be what is expected. */
import { MAX_BODY_BYTES } from "./answer.js";
import type { Judgement, Reader } from "./reader.js";

export class ExpectedBytes implements Reader {
  readonly #expected: Uint8Array;
  /** The last bytes seen, as many as are expected; the newest is at `#seen - 1`, counted round. */
  readonly #last: Uint8Array;
  #seen = 0;

  /** @param expected at least one byte */
  constructor(expected: Uint8Array) {
    this.#expected = expected;
    this.#last = new Uint8Array(expected.length);
  }

  feed(bytes: Uint8Array): Judgement | undefined {
    for (const byte of bytes) {
      this.#last[this.#seen++ % this.#last.length] = byte;
      if (this.#matches()) return { ok: true, reason: "answered as expected" };
      if (this.#seen === MAX_BODY_BYTES) return this.#missing(` in its first ${MAX_BODY_BYTES} bytes`);
    }
    return undefined;
  }

  end(): Judgement {
    return this.#seen === 0 ? { ok: false, reason: "closed without an answer" } : this.#missing("");
  }

  /** A server that keeps the connection open after a wrong answer: the answer is the reason, not the time. */
  lacking(): string | undefined {
    return this.#seen === 0 ? undefined : this.#missing("").reason;
  }

  #matches(): boolean {
    const { length } = this.#expected;
    if (this.#seen < length) return false;
    for (let i = 1; i <= length; i++) {
      if (this.#last[(this.#seen - i) % length] !== this.#expected[length - i]) return false;
    }
    return true;
  }

  #missing(where: string): Judgement {
    return { ok: false, reason: `the answer does not contain ${show(this.#expected)}${where}` };
  }
}

function show(bytes: Uint8Array): string {
  const isText = bytes.every(
    (byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a || byte === 0x09,
  );
  if (isText) return JSON.stringify(String.fromCharCode(...bytes));
  return `the bytes ${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
