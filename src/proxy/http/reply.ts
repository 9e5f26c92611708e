/** What the responses that Plimsoll writes itself have in common: whom they answer, and how they end. */
import { DATE_LINE_BYTES } from "./date-line.js";
import { latin1, NO_BYTES, putBytes, putCrlf } from "./put-bytes.js";

const CLOSE = latin1("connection: close\r\n");
const KEEP_ALIVE = latin1("connection: keep-alive\r\n");

/** More than `putReplyEnd` writes. */
export const REPLY_END_BYTES = 32 + DATE_LINE_BYTES;

const MAX_ID_BYTES = 64;

/** The request that is answered. One per worker, filled anew for each answer. */
export class Reply {
  /** Of the request. */
  clientMinor: 0 | 1 = 1;
  /** HEAD: header only. */
  isHead = false;
  /** The connection lives on after this answer. */
  keepAlive = false;
  /** The Date line. */
  date: Uint8Array = NO_BYTES;
  /** Errors are JSON (`prefersJson`), else text. */
  json = false;
  /** The request's id, `idLength` bytes; none where it is 0. */
  readonly id = new Uint8Array(MAX_ID_BYTES);
  idLength = 0;

  /** Whom the next answer is for. */
  address(clientMinor: 0 | 1, isHead: boolean, keepAlive: boolean, date: Uint8Array): void {
    this.clientMinor = clientMinor;
    this.isHead = isHead;
    this.keepAlive = keepAlive;
    this.date = date;
  }

  /** Takes the id in `bytes[start, end)`, unless it holds what would need escaping in text, JSON or HTML, or is long. */
  setId(bytes: Uint8Array, start: number, end: number): void {
    this.idLength = 0;
    if (end - start > MAX_ID_BYTES) return;
    for (let i = start; i < end; i++) {
      if (!isPlain(bytes[i])) return;
      this.id[i - start] = bytes[i];
    }
    this.idLength = end - start;
  }
}

/** Letters, digits and `-._:=+/@`. */
function isPlain(byte: number): boolean {
  return PLAIN[byte] === 1;
}
const PLAIN = new Uint8Array(256);
for (const byte of latin1("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._:=+/@")) PLAIN[byte] = 1;

/**
 * The date, connection handling as the version needs it, and the blank line.
 * @param ownsDate the fields before have a Date, or shall have none
 */
export function putReplyEnd(reply: Reply, ownsDate: boolean, dest: Uint8Array, at: number): number {
  if (!ownsDate) at = putBytes(dest, at, reply.date);
  if (!reply.keepAlive) at = putBytes(dest, at, CLOSE);
  else if (reply.clientMinor === 0) at = putBytes(dest, at, KEEP_ALIVE);
  return putCrlf(dest, at);
}
