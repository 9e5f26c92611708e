/**
 * Writes the head of a response towards the client from the validated model: status line, end-to-end fields as they came
 * (all in one run when nothing has to go), then framing, connection handling and Via for this hop.
 */
import { FIELD_IDS, FIELD_STRIDE, Field, type FieldId, type ResponseHead } from "../../wire/http1/head.js";
import { createForwardingRules, type ForwardingRules } from "./forwarding.js";
import { endsConnection, Framing, type FramingId } from "./framing.js";
import { type HeaderOperations, isRemoved, NO_OPERATIONS } from "./header-operations.js";
import { latin1, NO_BYTES, putBytes, putCrlf, putDecimal, putRange } from "./put-bytes.js";

/** What the writer needs besides the head. One per worker, filled anew for each response. */
export class ResponseContext {
  /** Of the listener; only Via is used. */
  rules: ForwardingRules = createForwardingRules({ via: "", forwarded: false, requestId: false });
  /** Of the route. */
  operations: HeaderOperations = NO_OPERATIONS;
  /** Further lines of a final response or a 101: they stand beside the endpoint's own, whatever these are. */
  added: Uint8Array = NO_BYTES;
  /** The Date line of a final response that has none (RFC 9110 6.6.1). */
  date: Uint8Array = NO_BYTES;
  /** From `chooseFraming`. Ignored for 1xx. */
  framing: FramingId = Framing.NONE;
  /** The version of the request. */
  clientMinor: 0 | 1 = 1;
  /** The client's connection lives on after this response; overruled where the framing ends it. */
  keepAlive = true;
}

/** 1: never copied. 2: it depends on the framing. */
const DROP = new Uint8Array(FIELD_IDS);
const REWRITTEN: readonly FieldId[] = [
  Field.CONNECTION,
  Field.UPGRADE,
  Field.KEEP_ALIVE,
  Field.PROXY_CONNECTION,
  Field.TE,
  Field.DROPPED,
];
for (const id of REWRITTEN) DROP[id] = 1;
DROP[Field.CONTENT_LENGTH] = 2;
DROP[Field.TRANSFER_ENCODING] = 2;

const VERSION = latin1("HTTP/1.1 ");
const CHUNKED = latin1("transfer-encoding: chunked\r\n");
const CLOSE = latin1("connection: close\r\n");
const KEEP_ALIVE = latin1("connection: keep-alive\r\n");
const UPGRADE = latin1("connection: upgrade\r\nupgrade: ");

/** More than all constants above together. */
const CONSTANT_BYTES = 160;

/**
 * Writes the head into `dest[at, limit)` and returns its length; 0 for an interim response to an HTTP/1.0 client, which
 * must not get any (RFC 9110 15.2); -1 when the room might not suffice (estimated from above). `dest` may be `bytes`, but
 * the range must not overlap `head`'s. 101 is written as the switch that it is; the caller has checked that it was asked.
 */
export function writeResponseHead(
  bytes: Uint8Array,
  head: ResponseHead,
  context: ResponseContext,
  dest: Uint8Array,
  at: number,
  limit: number,
): number {
  const begin = at;
  const status = head.status;
  const isInterim = status < 200;
  if (isInterim && context.clientMinor === 0) return 0;
  const operations = isInterim ? NO_OPERATIONS : context.operations;
  // Other interim responses are not the answer, and caches and clients may read their fields twice.
  const added = isInterim && status !== 101 ? NO_BYTES : context.added;
  const date = isInterim || head.first[Field.DATE] >= 0 || operations.ownsDate ? NO_BYTES : context.date;
  const ownBytes = CONSTANT_BYTES + context.rules.via11.length + operations.added.length + added.length + date.length;
  const room = head.end - head.start + ownBytes;
  if (room > limit - at) return -1;
  const framing = isInterim ? Framing.NONE : context.framing;

  // A status line that already reads as it will be written starts the first run.
  const isLineKept =
    head.minor === 1 && head.reasonStart === head.start + 13 && head.reasonEnd + 2 === head.fieldsStart;
  let run = isLineKept ? head.start : -1;
  if (!isLineKept) at = putStatusLine(bytes, head, dest, at);

  const { fields, count } = head;
  for (let line = 0; line < count; line++) {
    const field = line * FIELD_STRIDE;
    const id = fields[field] as FieldId;
    const drop = DROP[id];
    const isDropped =
      drop === 1 ||
      (drop === 2 && !isFramingKept(id, status, framing)) ||
      (operations.removes && isRemoved(operations, bytes, head, line));
    if (!isDropped) {
      if (run < 0) run = fields[field + 1];
    } else if (run >= 0) {
      at = putRange(dest, at, bytes, run, fields[field + 1]);
      run = -1;
    }
  }
  if (run >= 0) at = putRange(dest, at, bytes, run, head.end - 2);

  if (framing === Framing.CHUNK) at = putBytes(dest, at, CHUNKED);
  if (!isInterim) at = putConnection(context, framing, dest, at);
  else if (status === 101 && head.upgrade >= 0) at = putUpgrade(bytes, head, dest, at);
  if (date.length > 0) at = putBytes(dest, at, date);
  const { via10, via11 } = context.rules;
  if (via11.length > 0 && operations.removedIds[Field.VIA] === 0)
    at = putBytes(dest, at, head.minor === 1 ? via11 : via10);
  if (operations.added.length > 0) at = putBytes(dest, at, operations.added);
  if (added.length > 0) at = putBytes(dest, at, added);
  at = putCrlf(dest, at);
  return at - begin;
}

function putStatusLine(bytes: Uint8Array, head: ResponseHead, dest: Uint8Array, at: number): number {
  at = putBytes(dest, at, VERSION);
  at = putDecimal(dest, at, head.status);
  dest[at++] = 0x20;
  at = putRange(dest, at, bytes, head.reasonStart, head.reasonEnd);
  return putCrlf(dest, at);
}

/**
 * Framing that stays the same keeps its line: the parser lets only a single one through, of plain digits or `chunked`. HEAD and 304 say what the length would be (RFC 9110 8.6); 1xx and 204 must not say any.
 */
function isFramingKept(id: FieldId, status: number, framing: FramingId): boolean {
  if (id === Field.TRANSFER_ENCODING) return framing === Framing.CHUNKED;
  return framing === Framing.LENGTH || (framing === Framing.NONE && status >= 200 && status !== 204);
}

/** Only what differs from the version's default: 1.1 lives on unless told, 1.0 ends unless told (RFC 9112 9.3). */
function putConnection(context: ResponseContext, framing: FramingId, dest: Uint8Array, at: number): number {
  if (!context.keepAlive || endsConnection(framing)) return putBytes(dest, at, CLOSE);
  return context.clientMinor === 0 ? putBytes(dest, at, KEEP_ALIVE) : at;
}

function putUpgrade(bytes: Uint8Array, head: ResponseHead, dest: Uint8Array, at: number): number {
  const value = head.upgrade * FIELD_STRIDE + 3;
  at = putBytes(dest, at, UPGRADE);
  at = putRange(dest, at, bytes, head.fields[value], head.fields[value + 1]);
  return putCrlf(dest, at);
}
