/** Sends what Plimsoll answers itself: errors, redirects, fixed responses. */
import type { Code } from "../../base/errors.js";
import type { Conn } from "../../engine/engine.js";
import { BUFFER_SIZE, type Memory } from "../../engine/memory.js";
import { FIELD_STRIDE, Field, Method, type RequestHead } from "../../wire/http1/head.js";
import { prefersJson } from "./accept.js";
import { type FixedResponse, writeFixedResponse } from "./fixed-response.js";
import type { LocalRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";
import { writeLocalResponse } from "./local-response.js";
import { writeOptionsResponse } from "./options-response.js";
import { writeRedirect } from "./redirect.js";
import type { Reply } from "./reply.js";

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
  return sendWritten(memory, out, writeLocalResponse(code, reply, memory.bytes, at, at + BUFFER_SIZE), conn);
}

/** Answers by a route that does not forward. Returns the bytes sent; 0 where a redirect lacks what it needs. */
export function sendRouteAnswer(
  worker: HttpWorker,
  route: LocalRoute,
  head: RequestHead,
  keepAlive: boolean,
  conn: Conn,
): number {
  const { memory } = worker.context.engine;
  const { bytes } = memory;
  const reply = addressTo(worker, head, keepAlive);
  const out = memory.alloc();
  if (out < 0) return 0;
  const at = out * BUFFER_SIZE;
  const limit = at + BUFFER_SIZE;
  const length =
    route.kind === "respond"
      ? writeFixedResponse(route.response, reply, bytes, at, limit)
      : writeRedirect(route.redirect, bytes, head, reply, bytes, at, limit);
  return sendWritten(memory, out, length, conn);
}

/** Answers with what was written beforehand. Returns the bytes sent: 0 where no buffer is free. */
export function sendFixed(memory: Memory, response: FixedResponse, reply: Reply, conn: Conn): number {
  const out = memory.alloc();
  if (out < 0) return 0;
  const at = out * BUFFER_SIZE;
  return sendWritten(memory, out, writeFixedResponse(response, reply, memory.bytes, at, at + BUFFER_SIZE), conn);
}

/** Answers OPTIONS that asks this proxy itself. Returns the bytes sent. */
export function sendOptions(worker: HttpWorker, head: RequestHead, keepAlive: boolean, conn: Conn): number {
  const { memory } = worker.context.engine;
  const reply = addressTo(worker, head, keepAlive);
  const out = memory.alloc();
  if (out < 0) return 0;
  const at = out * BUFFER_SIZE;
  return sendWritten(memory, out, writeOptionsResponse(reply, memory.bytes, at, at + BUFFER_SIZE), conn);
}

function addressTo(worker: HttpWorker, head: RequestHead, keepAlive: boolean): Reply {
  worker.reply.address(head.minor, head.method === Method.HEAD, keepAlive, worker.dateLine);
  return worker.reply;
}

/** Takes over the reference to `out`. */
function sendWritten(memory: Memory, out: number, length: number, conn: Conn): number {
  const at = out * BUFFER_SIZE;
  if (length > 0) conn.send(out, at, at + length);
  memory.release(out);
  return Math.max(0, length);
}
