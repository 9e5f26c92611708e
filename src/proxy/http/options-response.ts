/** The two answers without a body that need neither a route nor a code. */
import { ALLOW } from "./local-response.js";
import { latin1, putBytes } from "./put-bytes.js";
import { putReplyEnd, REPLY_END_BYTES, type Reply } from "./reply.js";
import { statusLine } from "./status-text.js";

/** The interim response for a client that waits before it sends its body (RFC 9110 15.2.1). */
export const CONTINUE = latin1("HTTP/1.1 100 Continue\r\n\r\n");

const OPTIONS = latin1(`${statusLine(200)}${ALLOW}content-length: 0\r\n`);

/**
 * Answers OPTIONS with `Max-Forwards: 0`, which asks this very proxy (RFC 9110 7.6.2). Returns the length, or -1 when it
 * does not fit.
 */
export function writeOptionsResponse(reply: Reply, dest: Uint8Array, at: number, limit: number): number {
  if (OPTIONS.length + REPLY_END_BYTES > limit - at) return -1;
  return putReplyEnd(reply, false, dest, putBytes(dest, at, OPTIONS)) - at;
}
