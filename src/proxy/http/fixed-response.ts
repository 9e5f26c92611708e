/** A route's fixed answer: head and body become bytes when the route is compiled. */
import { LbError } from "../../base/errors.js";
import type { ActionSpec, HeaderOperation } from "../../model/spec.js";
import { compileHeaderOperations } from "./header-operations.js";
import { latin1, NO_BYTES, putBytes } from "./put-bytes.js";
import { putReplyEnd, REPLY_END_BYTES, type Reply } from "./reply.js";
import { statusLine } from "./status-text.js";

export interface FixedResponse {
  readonly status: number;
  /** Status line and fields, without connection handling and the blank line. */
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  /** As of the operations in `head`. */
  readonly ownsDate: boolean;
}

/** @throws LbError CONFIG_INVALID for a status that ends no request, or a content type that is no field value */
export function compileFixedResponse(
  action: Extract<ActionSpec, { kind: "respond" }>,
  operations: readonly HeaderOperation[],
): FixedResponse {
  const { status, contentType } = action;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new LbError("CONFIG_INVALID", `fixed response: status ${status} is not between 200 and 599`);
  }
  const isBodiless = status === 204 || status === 304;
  const body = isBodiless ? NO_BYTES : new TextEncoder().encode(action.body);
  const own: HeaderOperation[] = [];
  if (body.length > 0) own.push({ kind: "set", name: "content-type", value: contentType });
  const { added, ownsDate } = compileHeaderOperations([...own, ...operations]);
  const length = isBodiless ? "" : `content-length: ${body.length}\r\n`;
  const start = latin1(`${statusLine(status)}${length}`);
  const head = new Uint8Array(start.length + added.length);
  head.set(start);
  head.set(added, start.length);
  return { status, head, body, ownsDate };
}

/** Bytes of room that `writeFixedResponse` asks for. A body of any size may be configured: it may need several buffers. */
export function fixedResponseBytes(response: FixedResponse): number {
  return response.head.length + response.body.length + REPLY_END_BYTES;
}

/** Writes head and body (header only for HEAD) and returns the length, or -1 when it might not fit. */
export function writeFixedResponse(
  response: FixedResponse,
  reply: Reply,
  dest: Uint8Array,
  at: number,
  limit: number,
): number {
  if (fixedResponseBytes(response) > limit - at) return -1;
  const begin = at;
  at = putBytes(dest, at, response.head);
  at = putReplyEnd(reply, response.ownsDate, dest, at);
  if (!reply.isHead) at = putBytes(dest, at, response.body);
  return at - begin;
}
