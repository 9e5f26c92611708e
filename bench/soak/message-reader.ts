/**
 * Reads HTTP/1 messages as strictly as a peer may: its own few lines, so that the soak does not check the proxy's
 * parser with the proxy's parser. Throws where the peer breaks the framing.
 */

export interface Head {
  /** Request or status line. */
  readonly line: string;
  /** Names in lower case; lines of one name joined with `, `. */
  readonly fields: ReadonlyMap<string, string>;
}

export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  /** Until the connection ends. */
  | { readonly kind: "close" };

export interface MessageHandler {
  /** Returns how the body is delimited. */
  onHead(head: Head): Framing;
  onBody(piece: Uint8Array): void;
  onTrailers(fields: ReadonlyMap<string, string>): void;
  /** The message is complete. */
  onEnd(): void;
}

const MAX_HEAD = 32_768;
const EMPTY = Buffer.alloc(0);

type State = "head" | "raw" | "size" | "data" | "crlf" | "trailers";

export class MessageReader {
  readonly #handler: MessageHandler;
  #state: State = "head";
  #kept: Buffer = EMPTY;
  /** Of the body or chunk. */
  #left = 0;
  #framing: Framing = { kind: "none" };

  constructor(handler: MessageHandler) {
    this.#handler = handler;
  }

  /** Nothing of a next message has come. */
  get isBetween(): boolean {
    return this.#state === "head" && this.#kept.length === 0;
  }

  push(chunk: Buffer): void {
    let bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    this.#kept = EMPTY;
    while (bytes.length > 0) {
      const used = this.#step(bytes);
      if (used === 0) {
        if (bytes.length > MAX_HEAD) throw new Error(`no end of the ${this.#state} after ${bytes.length} bytes`);
        this.#kept = Buffer.from(bytes);
        return;
      }
      bytes = bytes.subarray(used);
    }
  }

  /** The connection ended: true if that ends a message, or comes between two. */
  end(): boolean {
    if (this.#state === "raw" && this.#framing.kind === "close") {
      this.#finish();
      return true;
    }
    return this.isBetween;
  }

  /** Returns how many bytes were used; 0 = more are needed. */
  #step(bytes: Buffer): number {
    switch (this.#state) {
      case "head":
        return this.#head(bytes);
      case "raw":
      case "data":
        return this.#body(bytes);
      case "size":
        return this.#size(bytes);
      case "crlf":
        if (bytes.length < 2) return 0;
        if (bytes[0] !== 13 || bytes[1] !== 10) throw new Error("no CRLF after a chunk");
        this.#state = "size";
        return 2;
      case "trailers":
        return this.#trailers(bytes);
    }
  }

  #head(bytes: Buffer): number {
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return 0;
    const lines = bytes.toString("latin1", 0, end).split("\r\n");
    this.#framing = this.#handler.onHead({ line: lines[0], fields: parseFields(lines, 1) });
    const { kind } = this.#framing;
    this.#left = this.#framing.kind === "length" ? this.#framing.bytes : Number.POSITIVE_INFINITY;
    if (kind === "chunked") this.#state = "size";
    else if (kind === "none" || this.#left === 0) this.#finish();
    else this.#state = "raw";
    return end + 4;
  }

  #body(bytes: Buffer): number {
    const taken = Math.min(this.#left, bytes.length);
    this.#handler.onBody(taken === bytes.length ? bytes : bytes.subarray(0, taken));
    this.#left -= taken;
    if (this.#left === 0) {
      if (this.#state === "data") this.#state = "crlf";
      else this.#finish();
    }
    return taken;
  }

  #size(bytes: Buffer): number {
    const end = bytes.indexOf("\r\n");
    if (end < 0) return 0;
    const text = bytes.toString("latin1", 0, end).split(";")[0];
    if (!/^[0-9a-fA-F]+$/.test(text)) throw new Error(`chunk size ${JSON.stringify(text)}`);
    this.#left = Number.parseInt(text, 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
    return end + 2;
  }

  #trailers(bytes: Buffer): number {
    if (bytes.length >= 2 && bytes[0] === 13 && bytes[1] === 10) {
      this.#finish();
      return 2;
    }
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return 0;
    this.#handler.onTrailers(parseFields(bytes.toString("latin1", 0, end).split("\r\n"), 0));
    this.#finish();
    return end + 4;
  }

  #finish(): void {
    this.#state = "head";
    this.#handler.onEnd();
  }
}

function parseFields(lines: readonly string[], from: number): Map<string, string> {
  const fields = new Map<string, string>();
  for (let i = from; i < lines.length; i++) {
    const colon = lines[i].indexOf(":");
    if (colon <= 0) throw new Error(`field line ${JSON.stringify(lines[i])}`);
    const name = lines[i].slice(0, colon).toLowerCase();
    const value = lines[i].slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}
