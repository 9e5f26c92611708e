/**
 * Judges the HTTP response to a health check while it arrives, and decides as soon as possible: at the header when no
 * body text is asked for, at the text when it is found. Knows no socket, so that any bytes can be tried on it.
 */
import { type AnswerHead, parseAnswerHead } from "./answer-head.js";
import { ChunkDecoder } from "./chunk-decoder.js";
import type { Judgement, Reader } from "./reader.js";

export const MAX_HEAD_BYTES = 16_384;
export const MAX_BODY_BYTES = 65_536;

export interface Expectation {
  readonly method: string;
  /** Inclusive ranges. */
  readonly statuses: readonly (readonly [number, number])[];
  /** The body must contain this; empty = anything. */
  readonly body: string;
}

export class Answer implements Reader {
  readonly #expected: Expectation;
  readonly #text: Uint8Array;
  #head = "";
  #parsed: AnswerHead | undefined = undefined;
  readonly #body: Uint8Array;
  #bodyBytes = 0;
  readonly #chunks = new ChunkDecoder();
  #received = false;

  constructor(expected: Expectation) {
    this.#expected = expected;
    this.#text = new TextEncoder().encode(expected.body);
    this.#body = new Uint8Array(this.#text.length === 0 ? 0 : MAX_BODY_BYTES);
  }

  feed(bytes: Uint8Array): Judgement | undefined {
    for (const byte of bytes) {
      this.#received = true;
      const judgement = this.#parsed === undefined ? this.#headByte(byte) : this.#bodyByte(byte, this.#parsed);
      if (judgement !== undefined) return judgement;
    }
    return undefined;
  }

  end(): Judgement {
    if (!this.#received) return bad("closed without a response");
    if (this.#parsed?.body.kind === "close") return this.#missing();
    return bad("closed before the response was complete");
  }

  #headByte(byte: number): Judgement | undefined {
    this.#head += String.fromCharCode(byte);
    if (this.#head.length > MAX_HEAD_BYTES) return bad(`header longer than ${MAX_HEAD_BYTES} bytes`);
    if (byte !== 0x0a) return undefined;
    if (!this.#head.endsWith("\r\n")) return bad("malformed response");
    if (!this.#head.endsWith("\r\n\r\n")) return undefined;
    const head = parseAnswerHead(this.#head.slice(0, -4));
    if (head === undefined || head.status === 101) return bad("malformed response");
    this.#head = "";
    // Interim responses (RFC 9110 15.2): the final one follows.
    if (head.status < 200) return undefined;
    this.#parsed = head;
    return this.#judgeHead(head);
  }

  #judgeHead(head: AnswerHead): Judgement | undefined {
    const { statuses, method } = this.#expected;
    if (!statuses.some(([low, high]) => head.status >= low && head.status <= high))
      return bad(`status ${head.status}, expected ${statuses.map(formatRange).join(", ")}`);
    if (this.#text.length === 0) return { ok: true, reason: `status ${head.status}` };
    const hasBody = method !== "HEAD" && head.status !== 204 && head.status !== 304;
    if (!hasBody || (head.body.kind === "length" && head.body.bytes === 0)) return this.#missing();
    return undefined;
  }

  #bodyByte(byte: number, head: AnswerHead): Judgement | undefined {
    if (head.body.kind === "chunked") {
      const step = this.#chunks.push(byte);
      if (step === "bad") return bad("malformed chunk");
      if (step === "end") return this.#missing();
      if (step === "framing") return undefined;
    }
    this.#body[this.#bodyBytes++] = byte;
    if (this.#endsWithText()) return { ok: true, reason: `status ${head.status}, body as expected` };
    const complete = head.body.kind === "length" && this.#bodyBytes === head.body.bytes;
    return complete || this.#bodyBytes === MAX_BODY_BYTES ? this.#missing() : undefined;
  }

  #endsWithText(): boolean {
    const text = this.#text;
    const start = this.#bodyBytes - text.length;
    if (start < 0) return false;
    for (let i = text.length - 1; i >= 0; i--) if (this.#body[start + i] !== text[i]) return false;
    return true;
  }

  #missing(): Judgement {
    const where = this.#bodyBytes === MAX_BODY_BYTES ? ` in its first ${MAX_BODY_BYTES} bytes` : "";
    return bad(`the body does not contain ${JSON.stringify(this.#expected.body)}${where}`);
  }
}

function bad(reason: string): Judgement {
  return { ok: false, reason };
}

function formatRange([low, high]: readonly [number, number]): string {
  return low === high ? String(low) : `${low}-${high}`;
}
