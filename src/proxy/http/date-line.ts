/** The Date field of the current second (RFC 9110 6.6.1), as bytes that are made once a second. */
import { httpDate } from "../../base/http-date.js";
import { latin1, NO_BYTES } from "./put-bytes.js";

/** Length of a complete line. */
export const DATE_LINE_BYTES = 37;

export class DateLine {
  readonly #wallClock: () => number;
  #line: Uint8Array = NO_BYTES;
  #validUntil = Number.NEGATIVE_INFINITY;

  /** @param wallClock milliseconds since 1970; read once a second */
  constructor(wallClock: () => number) {
    this.#wallClock = wallClock;
  }

  /** @param now milliseconds of a clock that never goes back */
  at(now: number): Uint8Array {
    if (now >= this.#validUntil) {
      const time = this.#wallClock();
      this.#line = latin1(`date: ${httpDate(time)}\r\n`);
      this.#validUntil = now + 1000 - (time % 1000);
    }
    return this.#line;
  }
}
