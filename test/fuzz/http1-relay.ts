/**
 * The proxy's path for a connection's bytes, without sockets and time: parse, write the head anew, pass the body through
 * the decoder. What it logs is what Plimsoll believes it forwarded.
 */
import { RequestContext, writeRequestHead } from "../../src/proxy/http/request-writer.js";
import { writeLastChunkWithTrailers } from "../../src/wire/http1/chunk-writer.js";
import { ChunkedDecoder } from "../../src/wire/http1/chunked-decoder.js";
import { Body, FIELD_STRIDE, type Head, RequestHead } from "../../src/wire/http1/head.js";
import { DEFAULT_HTTP_LIMITS } from "../../src/wire/http1/limits.js";
import { PARSE_ERRORS } from "../../src/wire/http1/parse-errors.js";
import { parseRequestHead } from "../../src/wire/http1/request-parser.js";
import type { ReadRequest } from "./http1-readers.js";

export interface Relayed {
  /** The bytes that an endpoint receives. */
  readonly wire: string;
  /** What they are meant to say. */
  readonly logged: readonly ReadRequest[];
  /** Why the connection ended: "end", "incomplete" or a code. */
  readonly why: string;
  /** A GET, HEAD or DELETE with a body was among them. */
  readonly bodyOfGet: boolean;
}

export const LIMITS = { ...DEFAULT_HTTP_LIMITS, maxLineBytes: 4096 };
const context = new RequestContext();
context.tunnel = true;
const head = new RequestHead(LIMITS.maxHeaderCount);
const decoder = new ChunkedDecoder();

export function relay(input: Uint8Array): Relayed {
  const logged: ReadRequest[] = [];
  let wire = "";
  let pos = 0;
  let bodyOfGet = false;
  const done = (why: string): Relayed => ({ wire, logged, why, bodyOfGet });
  while (pos < input.length) {
    const parsed = parseRequestHead(input, pos, input.length, LIMITS, head);
    if (parsed <= 0) return done(parsed === 0 ? "incomplete" : PARSE_ERRORS[-1 - parsed]);
    pos += parsed;
    const method = text(input, head.methodStart, head.methodEnd);
    // CONNECT is refused whatever it asks for.
    if (method === "CONNECT") return done("METHOD_NOT_ALLOWED");
    const dest = new Uint8Array(32_768);
    const length = writeRequestHead(input, head, context, dest, 0, dest.length);
    if (length < 0) throw new Error("a head that was accepted does not fit");
    wire += text(dest, 0, length);
    const body = relayBody(input, pos, head);
    wire += body.wire;
    pos += body.consumed;
    const hasBody = head.body === Body.CHUNKED || head.contentLength > 0;
    if (hasBody && /^(GET|HEAD|DELETE)$/.test(method)) bodyOfGet = true;
    logged.push({
      method,
      target: (head.pathImplied ? "/" : "") + text(input, head.pathStart, head.queryEnd),
      host: text(input, head.hostStart, head.hostEnd),
      body: body.body,
      complete: body.result === "done",
    });
    if (body.result !== "done") return done(body.result);
    // The proxy waits for the answer: what follows is the tunnel's only after a 101.
    if (head.upgrade >= 0) return done("end");
    if (!head.keepAlive) return done("end");
  }
  return done("end");
}

/** A message as an application sees it; names and values alternate in `fields`. */
export interface SeenMessage {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly string[];
  readonly body: string;
}

export interface ReadByCodec {
  /** The complete ones. */
  readonly messages: readonly SeenMessage[];
  /** For each: it had a trailer section. */
  readonly trailers: readonly boolean[];
  /** Why reading stopped: text and code, both empty if all was read. */
  readonly reason: string;
  readonly code: string;
}

/** The messages of a connection as the codec reads them. */
export function readByCodec(input: string): ReadByCodec {
  const bytes = new Uint8Array(Buffer.from(input, "latin1"));
  const messages: SeenMessage[] = [];
  const trailers: boolean[] = [];
  const stop = (code: string, reason: string): ReadByCodec => ({ messages, trailers, reason, code });
  let pos = 0;
  while (pos < bytes.length) {
    const parsed = parseRequestHead(bytes, pos, bytes.length, LIMITS, head);
    if (parsed === 0) return stop("", "incomplete");
    if (parsed < 0) return stop(PARSE_ERRORS[-1 - parsed], head.reason);
    pos += parsed;
    const fields: string[] = [];
    for (let at = 0; at < head.count * FIELD_STRIDE; at += FIELD_STRIDE) {
      const [nameStart, nameEnd, start, end] = head.fields.subarray(at + 1);
      fields.push(text(bytes, nameStart, nameEnd), text(bytes, start, end));
    }
    const { body, consumed, result } = relayBody(bytes, pos, head);
    if (result === "incomplete") return stop("", result);
    if (result !== "done") return stop(result, decoder.reason);
    pos += consumed;
    const method = text(bytes, head.methodStart, head.methodEnd);
    messages.push({ method, target: text(bytes, head.methodEnd + 1, head.fieldsStart - 11), fields, body });
    trailers.push(head.body === Body.CHUNKED && decoder.collected > 0);
    if (!head.keepAlive) return stop("", "closed");
  }
  return stop("", "");
}

export interface RelayedBody {
  readonly wire: string;
  readonly body: string;
  readonly consumed: number;
  readonly result: string;
}

/** A body of known length or chunked, as it is passed on. */
export function relayBody(input: Uint8Array, start: number, head: Head): RelayedBody {
  if (head.body === Body.NONE) return { wire: "", body: "", consumed: 0, result: "done" };
  if (head.body === Body.LENGTH) {
    const body = text(input, start, Math.min(input.length, start + head.contentLength));
    return {
      wire: body,
      body,
      consumed: body.length,
      result: body.length === head.contentLength ? "done" : "incomplete",
    };
  }
  decoder.reset(LIMITS);
  let wire = "";
  let body = "";
  let pos = start;
  while (pos < input.length && !decoder.done) {
    const taken = decoder.decode(input, pos, input.length);
    if (decoder.failed) return { wire, body, consumed: pos - start, result: decoder.fault ?? "" };
    for (let i = 0; i < decoder.rangeCount; i++) body += text(input, decoder.ranges[2 * i], decoder.ranges[2 * i + 1]);
    if (decoder.verbatim) wire += text(input, pos, pos + taken);
    else if (decoder.done) {
      const last = new Uint8Array(decoder.trailerLength + 5);
      writeLastChunkWithTrailers(last, 0, decoder.trailers, decoder.trailerLength);
      wire += text(last, 0, last.length);
    }
    pos += taken;
  }
  return { wire, body, consumed: pos - start, result: decoder.done ? "done" : "incomplete" };
}

export function text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}
