/** How a response's body is delimited towards the client, given how it came and what the client speaks (RFC 9112 6). */
import { Body, type ResponseHead } from "../../wire/http1/head.js";

export const Framing = {
  /** No body: HEAD, 1xx, 204, 304. */
  NONE: 0,
  /** Content-Length as it came; the body's bytes are forwarded as they are. */
  LENGTH: 1,
  /** Chunked as it came. */
  CHUNKED: 2,
  /** The endpoint closes at the end: each piece becomes a chunk, so that the client sees a truncation as one. */
  CHUNK: 3,
  /** HTTP/1.0 client, chunked response: only the chunks' data, then close. */
  DECHUNK: 4,
  /** HTTP/1.0 client, close-delimited response: bytes as they come, then close. */
  CLOSE: 5,
} as const;
export type FramingId = (typeof Framing)[keyof typeof Framing];

/** @param clientMinor the version of the request: 0 or 1 */
export function chooseFraming(head: ResponseHead, clientMinor: 0 | 1): FramingId {
  if (head.body === Body.NONE) return Framing.NONE;
  if (head.body === Body.LENGTH) return Framing.LENGTH;
  if (head.body === Body.CHUNKED) return clientMinor === 1 ? Framing.CHUNKED : Framing.DECHUNK;
  return clientMinor === 1 ? Framing.CHUNK : Framing.CLOSE;
}

/** The end of the body is the end of the connection: it cannot be kept alive. */
export function endsConnection(framing: FramingId): boolean {
  return framing >= Framing.DECHUNK;
}
