/** The proxy's path for what an endpoint sends, without sockets and time, to a client that speaks HTTP/1.1. */
import { chooseFraming, Framing } from "../../src/proxy/http/framing.js";
import { ResponseContext, writeResponseHead } from "../../src/proxy/http/response-writer.js";
import { writeChunkHeader, writeCrlf, writeLastChunk } from "../../src/wire/http1/chunk-writer.js";
import { Method, ResponseHead } from "../../src/wire/http1/head.js";
import { parseResponseHead } from "../../src/wire/http1/response-parser.js";
import type { ReadResponse } from "./http1-readers.js";
import { LIMITS, type RelayedBody, relayBody, text } from "./http1-relay.js";

export interface RelayedResponses {
  /** The bytes that a client receives. */
  readonly wire: string;
  /** The final responses that they are meant to be. */
  readonly logged: readonly ReadResponse[];
}

const head = new ResponseHead(LIMITS.maxHeaderCount);
const context = new ResponseContext();

/** @param methods of the requests that were sent on the connection */
export function relayResponses(input: Uint8Array, methods: readonly ("GET" | "HEAD")[]): RelayedResponses {
  const logged: ReadResponse[] = [];
  let wire = "";
  let pos = 0;
  while (logged.length < methods.length && pos < input.length) {
    const method = methods[logged.length];
    const parsed = parseResponseHead(input, pos, input.length, LIMITS, Method[method], head);
    // Nobody asked to switch protocols.
    if (parsed <= 0 || head.status === 101) break;
    pos += parsed;
    context.framing = chooseFraming(head, 1);
    const dest = new Uint8Array(32_768);
    const length = writeResponseHead(input, head, context, dest, 0, dest.length);
    if (length < 0) throw new Error("a head that was accepted does not fit");
    wire += text(dest, 0, length);
    if (head.status < 200) continue;
    const body = context.framing === Framing.CHUNK ? untilClose(input, pos) : relayBody(input, pos, head);
    wire += body.wire;
    pos += body.consumed;
    logged.push({ status: head.status, body: body.body, complete: body.result === "done" });
    if (body.result !== "done" || !head.keepAlive) break;
  }
  return { wire, logged };
}

/** A body that the end of the connection delimits, as one chunk. */
function untilClose(input: Uint8Array, start: number): RelayedBody {
  const length = input.length - start;
  const dest = new Uint8Array(length + 32);
  let at = 0;
  if (length > 0) {
    at = writeChunkHeader(dest, at, length);
    dest.set(input.subarray(start), at);
    at = writeCrlf(dest, at + length);
  }
  at = writeLastChunk(dest, at);
  return { wire: text(dest, 0, at), body: text(input, start, input.length), consumed: length, result: "done" };
}
