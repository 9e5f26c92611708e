/**
 * A parsed HTTP/1 header section: offsets into the bytes it was parsed from, nothing decoded, nothing allocated. One
 * instance per worker and side is filled anew for each message; whoever needs something later copies it.
 */

/** Field names that the proxy itself acts on. Every other name is OTHER. The numbers are array indices: keep them dense. */
export const Field = {
  OTHER: 0,
  HOST: 1,
  CONNECTION: 2,
  CONTENT_LENGTH: 3,
  TRANSFER_ENCODING: 4,
  EXPECT: 5,
  UPGRADE: 6,
  KEEP_ALIVE: 7,
  PROXY_CONNECTION: 8,
  PROXY_AUTHORIZATION: 9,
  TE: 10,
  TRAILER: 11,
  VIA: 12,
  FORWARDED: 13,
  X_FORWARDED_FOR: 14,
  X_FORWARDED_PROTO: 15,
  X_FORWARDED_HOST: 16,
  X_REQUEST_ID: 17,
  MAX_FORWARDS: 18,
  ACCEPT: 19,
  /** Named by the message's own Connection field (RFC 9110 7.6.1), or an alias with `_` of a name above: never forwarded. */
  DROPPED: 20,
  X_PLIMSOLL_EXPLAIN: 21,
  DATE: 22,
} as const;
export type FieldId = (typeof Field)[keyof typeof Field];
export const FIELD_IDS = 23;

/** Integers per field in `Head.fields`: id, name start, name end, value start, value end (surrounding blanks excluded). */
export const FIELD_STRIDE = 5;

/** How the message's body is delimited (RFC 9112 6.3). */
export const Body = {
  NONE: 0,
  LENGTH: 1,
  CHUNKED: 2,
  /** Responses only: until the connection closes. */ CLOSE: 3,
} as const;
export type BodyKind = (typeof Body)[keyof typeof Body];

/** Methods that the proxy treats specially; EXTENSION is every other token. Method names are case-sensitive. */
export const Method = {
  EXTENSION: 0,
  GET: 1,
  HEAD: 2,
  POST: 3,
  PUT: 4,
  DELETE: 5,
  OPTIONS: 6,
  PATCH: 7,
  TRACE: 8,
  CONNECT: 9,
} as const;
export type MethodId = (typeof Method)[keyof typeof Method];

export class Head {
  /** `FIELD_STRIDE` integers per field line, in order of arrival. */
  readonly fields: Int32Array;
  count = 0;
  /** Index of the first field line with this id, or -1. Not kept for OTHER. */
  readonly first: Int32Array = new Int32Array(FIELD_IDS).fill(-1);
  /** Bit `1 << id`: more than one field line has this id. Not kept for OTHER and DROPPED. */
  repeated = 0;
  /** @internal Bit `1 << id`: `first[id]` may differ from -1. */
  present = 0;
  /** First byte of the start line (after tolerated empty lines), and of the field lines. */
  start = 0;
  fieldsStart = 0;
  /** First byte after the section, where the body begins. */
  end = 0;
  /** HTTP/1.0 or HTTP/1.1. */
  minor: 0 | 1 = 1;
  body: BodyKind = Body.NONE;
  /** For Body.LENGTH: below 2^53. */
  contentLength = 0;
  /** The sender wants the connection to live on (version default, `close`, `keep-alive`). */
  keepAlive = true;
  /** `Connection: upgrade` and an Upgrade field, HTTP/1.1: index of the Upgrade field, else -1. */
  upgrade = -1;
  /** After an error: why, for the log. A constant text without any byte of the input. */
  reason = "";

  constructor(maxFields: number) {
    this.fields = new Int32Array(maxFields * FIELD_STRIDE);
  }
}

export class RequestHead extends Head {
  method: MethodId = Method.GET;
  methodStart = 0;
  methodEnd = 0;
  /** Path and query as they will be forwarded: of an absolute-form target what follows the authority ("/" if nothing). */
  pathStart = 0;
  /** Exclusive; the query, if any, begins with its `?` at pathEnd. For `*` (OPTIONS) the path is that one byte. */
  pathEnd = 0;
  queryEnd = 0;
  /** Absolute-form without a path: pathStart === pathEnd, and "/" is meant. */
  pathImplied = false;
  /** The effective authority (RFC 9112 3.2.2: of an absolute-form target, else the Host value); equal offsets = none (1.0). */
  hostStart = 0;
  hostEnd = 0;
  /** `Expect: 100-continue` in HTTP/1.1. */
  expectContinue = false;
}

export class ResponseHead extends Head {
  status = 0;
  /** Reason phrase, may be empty. */
  reasonStart = 0;
  reasonEnd = 0;
}
