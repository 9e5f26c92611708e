/**
 * Writes the head of a request towards an endpoint from the validated model: request line, Host, the end-to-end fields
 * as they came (in runs of untouched lines), then what belongs to this hop, written anew. Nothing else is ever copied,
 * so a request that the parser accepted leaves in exactly one reading.
 */
import { Body, FIELD_IDS, FIELD_STRIDE, Field, type FieldId, Method, type RequestHead } from "../../wire/http1/head.js";
import { type ClientFields, createClientFields, createForwardingRules, type ForwardingRules } from "./forwarding.js";
import { type HeaderOperations, isRemoved, NO_OPERATIONS } from "./header-operations.js";
import { acceptsTrailers, maxForwards } from "./list-fields.js";
import { NO_REWRITE, type PathRewrite } from "./path-rewrite.js";
import { latin1, NO_BYTES, putBytes, putCrlf, putDecimal, putRange } from "./put-bytes.js";

/** What the writer needs besides the head. One per worker, filled anew for each request. */
export class RequestContext {
  /** Of the listener. */
  rules: ForwardingRules = createForwardingRules({ via: "", forwarded: false, requestId: false });
  /** Of the connection. */
  client: ClientFields = createClientFields("", "http");
  /** Of the route. */
  operations: HeaderOperations = NO_OPERATIONS;
  rewrite: PathRewrite = NO_REWRITE;
  /** Host sent instead of the client's; empty = the client's. */
  rewriteHost: Uint8Array = NO_BYTES;
  /** Written as X-Request-Id if the rules ask for one and the request has none. Printable ASCII. */
  requestId: Uint8Array = NO_BYTES;
  /** Hand `Expect: 100-continue` on; false where the proxy has already said 100. */
  expect = false;
  /** Ask the endpoint to upgrade if the request does (`head.upgrade`); else Upgrade is dropped. */
  tunnel = false;
}

/** 1: never copied. 2: it depends. Host, framing, X-Forwarded-For and the like are written anew from what was parsed. */
const DROP = new Uint8Array(FIELD_IDS);
const REWRITTEN: readonly FieldId[] = [
  Field.HOST,
  Field.CONNECTION,
  Field.CONTENT_LENGTH,
  Field.TRANSFER_ENCODING,
  Field.EXPECT,
  Field.UPGRADE,
  Field.KEEP_ALIVE,
  Field.PROXY_CONNECTION,
  Field.PROXY_AUTHORIZATION,
  Field.TE,
  Field.X_FORWARDED_FOR,
  Field.DROPPED,
  // A token for this proxy.
  Field.X_PLIMSOLL_EXPLAIN,
];
for (const id of REWRITTEN) DROP[id] = 1;
DROP[Field.FORWARDED] = 2;
DROP[Field.MAX_FORWARDS] = 2;

const VERSION_HOST = latin1(" HTTP/1.1\r\nhost: ");
const CONTENT_LENGTH = latin1("content-length: ");
const CHUNKED = latin1("transfer-encoding: chunked\r\n");
const EXPECT = latin1("expect: 100-continue\r\n");
// RFC 9110 10.1.4: TE is a matter of one connection, and its sender has to say so.
const TE_TRAILERS = latin1("te: trailers\r\nconnection: te\r\n");
const UPGRADE = latin1("connection: upgrade\r\nupgrade: ");
const MAX_FORWARDS = latin1("max-forwards: ");
const FORWARDED_FOR = latin1("x-forwarded-for: ");
const FORWARDED_PROTO = latin1("x-forwarded-proto: ");
const FORWARDED_HOST = latin1("x-forwarded-host: ");
const FORWARDED = latin1("forwarded: ");
const REQUEST_ID = latin1("x-request-id: ");

/** More than all constants above together. */
const CONSTANT_BYTES = 400;

/**
 * Writes the head into `dest[at, limit)` and returns its length, or -1 when the room might not suffice (the need is
 * estimated from above, by a few hundred bytes). `dest` may be `bytes`, but the range must not overlap `head`'s.
 */
export function writeRequestHead(
  bytes: Uint8Array,
  head: RequestHead,
  context: RequestContext,
  dest: Uint8Array,
  at: number,
  limit: number,
): number {
  const begin = at;
  if (roomNeeded(head, context) > limit - at) return -1;
  at = putTarget(bytes, head, context.rewrite, dest, at);
  at = putBytes(dest, at, VERSION_HOST);
  if (context.rewriteHost.length > 0) at = putBytes(dest, at, context.rewriteHost);
  else at = putRange(dest, at, bytes, head.hostStart, head.hostEnd);
  at = putCrlf(dest, at);
  at = putKeptLines(bytes, head, context, dest, at);
  at = putFraming(head, dest, at);
  if (head.first[Field.TE] >= 0 || head.upgrade >= 0 || context.expect)
    at = putHopFields(bytes, head, context, dest, at);
  if (head.first[Field.MAX_FORWARDS] >= 0) at = putMaxForwards(bytes, head, context, dest, at);
  at = putClient(bytes, head, context, dest, at);
  if (context.operations.added.length > 0) at = putBytes(dest, at, context.operations.added);
  at = putCrlf(dest, at);
  return at - begin;
}

function roomNeeded(head: RequestHead, context: RequestContext): number {
  const host = head.hostEnd - head.hostStart;
  return (
    head.end -
    head.start +
    3 * host +
    CONSTANT_BYTES +
    context.rewrite.prefix.length +
    context.rewriteHost.length +
    context.client.lines.length +
    context.client.element.length +
    context.rules.via11.length +
    context.requestId.length +
    context.operations.added.length
  );
}

/** Method, blank, origin-form (or `*`): an absolute-form target's scheme and authority stay behind (RFC 9112 3.2.1). */
function putTarget(bytes: Uint8Array, head: RequestHead, rewrite: PathRewrite, dest: Uint8Array, at: number): number {
  const { methodStart, methodEnd, pathStart, pathEnd, queryEnd } = head;
  if (rewrite === NO_REWRITE && pathStart === methodEnd + 1) return putRange(dest, at, bytes, methodStart, queryEnd);
  at = putRange(dest, at, bytes, methodStart, methodEnd);
  dest[at++] = 0x20;
  if (head.pathImplied && head.method === Method.OPTIONS && queryEnd === pathEnd) {
    // RFC 9112 3.2.4: OPTIONS of an absolute URI without a path means the server itself.
    dest[at++] = 0x2a;
    return at;
  }
  const isAsterisk = pathEnd - pathStart === 1 && bytes[pathStart] === 0x2a;
  if (isAsterisk) return putRange(dest, at, bytes, pathStart, queryEnd);
  at = putBytes(dest, at, rewrite.prefix);
  const rest = rewrite.cut < 0 ? pathEnd : Math.min(pathStart + rewrite.cut, pathEnd);
  // An origin-form target begins with "/", whatever was cut off. An implied path is "/" itself.
  const lacksSlash = rewrite.prefix.length === 0 && (rest === pathEnd || bytes[rest] !== 0x2f);
  if (lacksSlash || (head.pathImplied && rewrite.cut === 0)) dest[at++] = 0x2f;
  return putRange(dest, at, bytes, rest, queryEnd);
}

function putKeptLines(
  bytes: Uint8Array,
  head: RequestHead,
  context: RequestContext,
  dest: Uint8Array,
  at: number,
): number {
  const { fields, count } = head;
  const operations = context.operations;
  let run = -1;
  for (let line = 0; line < count; line++) {
    const id = fields[line * FIELD_STRIDE] as FieldId;
    const drop = DROP[id];
    const isDropped =
      drop === 1 ||
      (drop === 2 && isReplaced(id, head, context)) ||
      (operations.removes && isRemoved(operations, bytes, head, line));
    if (!isDropped) {
      if (run < 0) run = fields[line * FIELD_STRIDE + 1];
    } else if (run >= 0) {
      at = putRange(dest, at, bytes, run, fields[line * FIELD_STRIDE + 1]);
      run = -1;
    }
  }
  return run < 0 ? at : putRange(dest, at, bytes, run, head.end - 2);
}

function isReplaced(id: FieldId, head: RequestHead, context: RequestContext): boolean {
  if (id === Field.FORWARDED) return context.rules.forwarded;
  return head.method === Method.OPTIONS || head.method === Method.TRACE;
}

function putFraming(head: RequestHead, dest: Uint8Array, at: number): number {
  if (head.body === Body.CHUNKED) return putBytes(dest, at, CHUNKED);
  if (head.body !== Body.LENGTH) return at;
  at = putBytes(dest, at, CONTENT_LENGTH);
  at = putDecimal(dest, at, head.contentLength);
  return putCrlf(dest, at);
}

function putHopFields(
  bytes: Uint8Array,
  head: RequestHead,
  context: RequestContext,
  dest: Uint8Array,
  at: number,
): number {
  if (context.expect && head.expectContinue) at = putBytes(dest, at, EXPECT);
  if (context.tunnel && head.upgrade >= 0) {
    const value = head.upgrade * FIELD_STRIDE + 3;
    at = putBytes(dest, at, UPGRADE);
    at = putRange(dest, at, bytes, head.fields[value], head.fields[value + 1]);
    return putCrlf(dest, at);
  }
  return acceptsTrailers(bytes, head) ? putBytes(dest, at, TE_TRAILERS) : at;
}

function putMaxForwards(
  bytes: Uint8Array,
  head: RequestHead,
  context: RequestContext,
  dest: Uint8Array,
  at: number,
): number {
  const value = maxForwards(bytes, head);
  if (value <= 0 || context.operations.removedIds[Field.MAX_FORWARDS] === 1) return at;
  at = putBytes(dest, at, MAX_FORWARDS);
  at = putDecimal(dest, at, value - 1);
  return putCrlf(dest, at);
}

function putClient(
  bytes: Uint8Array,
  head: RequestHead,
  context: RequestContext,
  dest: Uint8Array,
  at: number,
): number {
  const { rules, client } = context;
  const first = head.first;
  const removed = context.operations.removedIds;
  const isUsual =
    first[Field.X_FORWARDED_FOR] < 0 &&
    first[Field.X_FORWARDED_PROTO] < 0 &&
    removed[Field.X_FORWARDED_FOR] === 0 &&
    removed[Field.X_FORWARDED_PROTO] === 0;
  if (isUsual) at = putBytes(dest, at, client.lines);
  else {
    if (removed[Field.X_FORWARDED_FOR] === 0) {
      at = putExtended(bytes, head, Field.X_FORWARDED_FOR, FORWARDED_FOR, client.address, dest, at);
    }
    if (first[Field.X_FORWARDED_PROTO] < 0 && removed[Field.X_FORWARDED_PROTO] === 0) {
      at = putBytes(dest, at, FORWARDED_PROTO);
      at = putBytes(dest, at, client.proto);
      at = putCrlf(dest, at);
    }
  }
  if (first[Field.X_FORWARDED_HOST] < 0 && head.hostEnd > head.hostStart && removed[Field.X_FORWARDED_HOST] === 0) {
    at = putBytes(dest, at, FORWARDED_HOST);
    at = putRange(dest, at, bytes, head.hostStart, head.hostEnd);
    at = putCrlf(dest, at);
  }
  if (rules.forwarded && removed[Field.FORWARDED] === 0) {
    at = putExtended(bytes, head, Field.FORWARDED, FORWARDED, client.element, dest, at) - 2;
    // The host is always quoted: with a port or brackets it is no token (RFC 7239 4). The parser lets no quote into it.
    dest[at++] = 0x22;
    at = putRange(dest, at, bytes, head.hostStart, head.hostEnd);
    dest[at++] = 0x22;
    at = putCrlf(dest, at);
  }
  if (rules.requestId && first[Field.X_REQUEST_ID] < 0 && removed[Field.X_REQUEST_ID] === 0) {
    at = putBytes(dest, at, REQUEST_ID);
    at = putBytes(dest, at, context.requestId);
    at = putCrlf(dest, at);
  }
  if (removed[Field.VIA] === 1) return at;
  return putBytes(dest, at, head.minor === 1 ? rules.via11 : rules.via10);
}

/**
 * One line: what came under this id, joined, then `last`. One line and not a further one because many applications read
 * only the first line of a name, and would take the client's own claim for the last proxy's.
 */
function putExtended(
  bytes: Uint8Array,
  head: RequestHead,
  id: FieldId,
  name: Uint8Array,
  last: Uint8Array,
  dest: Uint8Array,
  at: number,
): number {
  const begin = at;
  at = putBytes(dest, at, name);
  const valuesStart = at;
  if (head.first[id] >= 0) {
    for (let line = head.first[id]; line < head.count; line++) {
      const field = line * FIELD_STRIDE;
      if (head.fields[field] !== id) continue;
      const start = head.fields[field + 3];
      const end = head.fields[field + 4];
      if (start === end || hasOpenQuote(bytes, start, end)) continue;
      at = putComma(dest, at, valuesStart);
      at = putRange(dest, at, bytes, start, end);
    }
  }
  if (last.length > 0) {
    at = putComma(dest, at, valuesStart);
    at = putBytes(dest, at, last);
  }
  return at === valuesStart ? begin : putCrlf(dest, at);
}

function putComma(dest: Uint8Array, at: number, valuesStart: number): number {
  if (at === valuesStart) return at;
  dest[at] = 0x2c;
  dest[at + 1] = 0x20;
  return at + 2;
}

/** An open quoted string would swallow the element that is appended behind it. */
function hasOpenQuote(bytes: Uint8Array, start: number, end: number): boolean {
  let isOpen = false;
  for (let i = start; i < end; i++) {
    if (bytes[i] === 0x22) isOpen = !isOpen;
    else if (bytes[i] === 0x5c && isOpen) i++;
  }
  return isOpen;
}
