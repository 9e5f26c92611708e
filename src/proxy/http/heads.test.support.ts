/** What the tests of this folder share: heads parsed by the real parser, and heads written as text. */
import assert from "node:assert/strict";
import type { HttpLimits } from "../../model/spec.js";
import { Method, type MethodId, RequestHead, ResponseHead } from "../../wire/http1/head.js";
import { DEFAULT_HTTP_LIMITS } from "../../wire/http1/limits.js";
import { parseRequestHead } from "../../wire/http1/request-parser.js";
import { parseResponseHead } from "../../wire/http1/response-parser.js";
import { createClientFields, createForwardingRules, dropClaims } from "./forwarding.js";
import { latin1 } from "./put-bytes.js";
import { RequestContext, writeRequestHead } from "./request-writer.js";
import { ResponseContext, writeResponseHead } from "./response-writer.js";

const LIMITS: HttpLimits = DEFAULT_HTTP_LIMITS;
/** Where written heads begin: not 0, so that a forgotten offset shows. */
const AT = 32_768;
const CANARY = 0xee;

export interface Parsed<H> {
  readonly bytes: Uint8Array;
  readonly head: H;
}

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}

/** Lines are joined with CRLF; the blank line is added. */
export function request(...lines: string[]): Parsed<RequestHead> {
  const text = latin1(`${lines.join("\r\n")}\r\n\r\n`);
  const bytes = new Uint8Array(65_536).fill(CANARY);
  bytes.set(text, 7);
  const head = new RequestHead(LIMITS.maxHeaderCount);
  const result = parseRequestHead(bytes, 7, 7 + text.length, LIMITS, head);
  assert.equal(result, text.length, `the request does not parse: ${head.reason}\n${lines.join("\n")}`);
  return { bytes, head };
}

export function response(lines: readonly string[], method: MethodId = Method.GET): Parsed<ResponseHead> {
  const text = latin1(`${lines.join("\r\n")}\r\n\r\n`);
  const bytes = new Uint8Array(65_536).fill(CANARY);
  bytes.set(text, 7);
  const head = new ResponseHead(LIMITS.maxHeaderCount);
  const result = parseResponseHead(bytes, 7, 7 + text.length, LIMITS, method, head);
  assert.equal(result, text.length, `the response does not parse: ${head.reason}\n${lines.join("\n")}`);
  return { bytes, head };
}

/** A context of an ordinary listener: no Via, no ids, client 192.0.2.1. */
export function requestContext(set: Partial<RequestContext> = {}): RequestContext {
  const context = new RequestContext();
  context.client = createClientFields("192.0.2.1", "http");
  return Object.assign(context, set);
}

/** Lines of the written head without the blank one. An untrusted client's claims are dropped first. */
export function forwarded(parsed: Parsed<RequestHead>, context = requestContext(), trusted = false): string[] {
  const { bytes, head } = parsed;
  if (!trusted) dropClaims(bytes, head, context.rules);
  const length = writeRequestHead(bytes, head, context, bytes, AT, bytes.length);
  return linesOf(bytes, length);
}

export function responseContext(set: Partial<ResponseContext> = {}): ResponseContext {
  return Object.assign(new ResponseContext(), set);
}

export function answered(parsed: Parsed<ResponseHead>, context: ResponseContext): string[] {
  return linesOf(parsed.bytes, writeResponseHead(parsed.bytes, parsed.head, context, parsed.bytes, AT, 65_536));
}

function linesOf(bytes: Uint8Array, length: number): string[] {
  assert.ok(length > 0, `nothing was written: ${length}`);
  assert.equal(bytes[AT - 1], CANARY, "a byte before the destination was written");
  assert.equal(bytes[AT + length], CANARY, "a byte after the written head was written");
  const text = textOf(bytes, AT, AT + length);
  assert.ok(text.endsWith("\r\n\r\n"), "the head does not end with a blank line");
  return text.slice(0, -4).split("\r\n");
}

/** Values of all lines with this name. */
export function valuesOf(lines: readonly string[], name: string): string[] {
  return lines
    .slice(1)
    .filter((line) => line.slice(0, line.indexOf(":")).toLowerCase() === name)
    .map((line) => line.slice(line.indexOf(":") + 1).trim());
}

export const VIA = createForwardingRules({ via: "plimsoll", forwarded: false, requestId: false });
