/** Takes chunked framing off a health check's body, byte by byte: checks are rare, and this way any split is the same. */

const MAX_SIZE_DIGITS = 8;
const CR = 0x0d;
const LF = 0x0a;

/**
 * size --hex digit--> size --;--> extension --CR--> sizeEnd --LF--> data (or trailers after size 0)
 * data --all taken--> dataCr --CR--> dataLf --LF--> size
 * Trailers are not read: nothing in them can change the verdict.
 */
type Phase = "size" | "extension" | "sizeEnd" | "data" | "dataCr" | "dataLf";

export class ChunkDecoder {
  #phase: Phase = "size";
  #size = 0;
  #digits = 0;

  /** Feeds one byte: `data` = it belongs to the body, `end` = the body was complete, `bad` = malformed. */
  push(byte: number): "data" | "framing" | "end" | "bad" {
    switch (this.#phase) {
      case "size":
        return this.#sizeByte(byte);
      case "extension":
        if (byte === CR) return this.#to("sizeEnd");
        return byte === 0x09 || (byte >= 0x20 && byte !== 0x7f) ? "framing" : "bad";
      case "sizeEnd":
        if (byte !== LF) return "bad";
        return this.#size === 0 ? "end" : this.#to("data");
      case "data":
        if (--this.#size === 0) this.#phase = "dataCr";
        return "data";
      case "dataCr":
        return byte === CR ? this.#to("dataLf") : "bad";
      case "dataLf":
        this.#digits = 0;
        return byte === LF ? this.#to("size") : "bad";
    }
  }

  #sizeByte(byte: number): "framing" | "bad" {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      return ++this.#digits <= MAX_SIZE_DIGITS ? "framing" : "bad";
    }
    if (this.#digits === 0) return "bad";
    if (byte === CR) return this.#to("sizeEnd");
    return byte === 0x3b || byte === 0x20 || byte === 0x09 ? this.#to("extension") : "bad";
  }

  #to(phase: Phase): "framing" {
    this.#phase = phase;
    return "framing";
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
