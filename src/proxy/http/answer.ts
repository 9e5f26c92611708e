/** Sends what Plimsoll answers itself: errors, redirects, fixed responses. */
import type { Code } from "../../base/errors.js";
import type { Conn } from "../../engine/engine.js";
import { BUFFER_SIZE, type Memory } from "../../engine/memory.js";
import { FIELD_STRIDE, Field, Method, type RequestHead } from "../../wire/http1/head.js";
import { prefersJson } from "./accept.js";
import { type FixedResponse, fixedResponseBytes, writeFixedResponse } from "./fixed-response.js";
import type { HttpRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";
import { writeLocalResponse } from "./local-response.js";
import { writeRedirect } from "./redirect.js";
import { putReplyEnd, REPLY_END_BYTES, type Reply } from "./reply.js";

/** What of the request decides how its answer looks: Accept and the request id. */
export function describeRequest(reply: Reply, bytes: Uint8Array, head: RequestHead): void {
  reply.json = prefersJson(bytes, head);
  reply.idLength = 0;
  const line = head.first[Field.X_REQUEST_ID];
  if (line >= 0) reply.setId(bytes, head.fields[line * FIELD_STRIDE + 3], head.fields[line * FIELD_STRIDE + 4]);
}

/** Nothing is known about the request. */
export function describeNothing(reply: Reply): void {
  reply.json = false;
  reply.idLength = 0;
}

/** Returns the bytes sent: 0 for a code without a status, or where no buffer is free. */
export function sendAnswer(memory: Memory, code: Code, reply: Reply, conn: Conn): number {
  const out = memory.alloc();
  if (out < 0) return 0;
  const at = out * BUFFER_SIZE;
  const length = Math.max(0, writeLocalResponse(code, reply, memory.bytes, at, at + BUFFER_SIZE));
  conn.send(out, at, at + length);
  memory.release(out);
  return length;
}

/** Answers by a route that does not forward. Returns the status, or 0 where a redirect lacks what it needs. */
export function sendRouteAnswer(
  worker: HttpWorker,
  route: Exclude<HttpRoute, { kind: "forward" }>,
  head: RequestHead,
  keepAlive: boolean,
  conn: Conn,
): number {
  const { memory } = worker.context.engine;
  const { reply } = worker;
  reply.clientMinor = head.minor;
  reply.isHead = head.method === Method.HEAD;
  reply.keepAlive = keepAlive;
  if (route.kind === "respond") return sendFixed(memory, route.response, reply, conn);
  const out = memory.alloc();
  if (out < 0) return 0;
  const at = out * BUFFER_SIZE;
  const length = writeRedirect(route.redirect, memory.bytes, head, reply, memory.bytes, at, at + BUFFER_SIZE);
  if (length > 0) conn.send(out, at, at + length);
  memory.release(out);
  return length > 0 ? route.redirect.status : 0;
}

/** A body of any size may be configured: what does not fit into one buffer goes out in several. */
function sendFixed(memory: Memory, response: FixedResponse, reply: Reply, conn: Conn): number {
  const out = memory.alloc();
  if (out < 0) return 0;
  const at = out * BUFFER_SIZE;
  const { bytes } = memory;
  if (fixedResponseBytes(response) <= BUFFER_SIZE) {
    conn.send(out, at, at + writeFixedResponse(response, reply, bytes, at, at + BUFFER_SIZE));
    memory.release(out);
    return response.status;
  }
  if (response.head.length + REPLY_END_BYTES > BUFFER_SIZE) {
    memory.release(out);
    return 0;
  }
  bytes.set(response.head, at);
  conn.send(out, at, putReplyEnd(reply, bytes, at + response.head.length));
  memory.release(out);
  for (let from = 0; !reply.isHead && from < response.body.length; from += BUFFER_SIZE) {
    const piece = memory.alloc();
    if (piece < 0) {
      conn.reset();
      break;
    }
    const part = response.body.subarray(from, from + BUFFER_SIZE);
    bytes.set(part, piece * BUFFER_SIZE);
    conn.send(piece, piece * BUFFER_SIZE, piece * BUFFER_SIZE + part.length);
    memory.release(piece);
  }
  return response.status;
}
