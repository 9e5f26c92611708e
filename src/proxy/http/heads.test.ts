import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Body, FIELD_STRIDE, Field, Method, type RequestHead } from "../../wire/http1/head.js";
import { createForwardingRules } from "./forwarding.js";
import { chooseFraming, Framing } from "./framing.js";
import { compileHeaderOperations, NO_OPERATIONS } from "./header-operations.js";
import {
  answered,
  forwarded,
  type Parsed,
  request,
  requestContext,
  response,
  responseContext,
  textOf,
} from "./heads.test.support.js";
import { latin1 } from "./put-bytes.js";

// Written heads are read again by the strict parser: they must say the same, in one way only.

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^`|~-]{1,12}$/);
const value = fc.stringMatching(/^[\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]{0,20}[\x21-\x7e\x80-\xff])?$/);
const name = fc.oneof(
  token.map((text) => `x${text}`),
  fc.constantFrom(
    "Accept",
    "Trailer",
    "Cookie",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "Forwarded",
    "X-Request-Id",
  ),
  fc.constantFrom(
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authorization",
    "TE",
    "Upgrade",
    "X_Forwarded_For",
    "Content_Length",
  ),
);
const field = fc.tuple(name, value).map(([key, text]) => `${key}: ${text}`);
const named = token.map((text) => [`Connection: close, ${text}`, `${text}: 1`]);
const framing = fc.constantFrom([], ["Content-Length: 0"], ["content-length: 123456"], ["Transfer-Encoding: Chunked"]);
const authority = fc.stringMatching(/^[a-z0-9.-]{1,20}(:[0-9]{1,4})?$/);
const path = fc.stringMatching(/^\/[\x21\x22\x24-\x3e\x40-\x7e]{0,40}$/);
const query = fc.oneof(fc.constant(""), fc.stringMatching(/^\?[\x21\x22\x24-\x7e]{0,20}$/));
const method = fc.oneof(fc.constantFrom("GET", "POST", "HEAD", "OPTIONS", "get"), token);

const context = (trusting: boolean) =>
  requestContext({
    rules: createForwardingRules({ via: "plimsoll", forwarded: true, requestId: true }),
    requestId: latin1("0123"),
    operations: trusting ? NO_OPERATIONS : compileHeaderOperations([{ kind: "add", name: "x-added", value: "1" }]),
  });

/** End-to-end fields that the proxy does not write itself, as `name: value`. */
function endToEnd({ bytes, head }: Parsed<{ fields: Int32Array; count: number }>): string[] {
  const own: number[] = [Field.OTHER, Field.ACCEPT, Field.TRAILER];
  const seen: string[] = [];
  for (let at = 0; at < head.count * FIELD_STRIDE; at += FIELD_STRIDE) {
    const [id, nameStart, nameEnd, start, end] = head.fields.subarray(at);
    if (own.includes(id)) seen.push(`${textOf(bytes, nameStart, nameEnd)}: ${textOf(bytes, start, end)}`);
  }
  return seen;
}

function said({ bytes, head }: Parsed<RequestHead>): Record<string, unknown> {
  return {
    method: textOf(bytes, head.methodStart, head.methodEnd),
    path: head.pathImplied ? "/" : textOf(bytes, head.pathStart, head.pathEnd),
    query: textOf(bytes, head.pathEnd, head.queryEnd),
    host: textOf(bytes, head.hostStart, head.hostEnd),
    body: head.body,
    contentLength: head.contentLength,
  };
}

test("a forwarded request parses as the request that came, with one framing and nothing of the old hop", () => {
  const lines = fc.tuple(
    fc.tuple(
      method,
      fc.oneof(
        fc.constant(""),
        authority.map((host) => `http://${host}`),
      ),
      path,
      query,
    ),
    authority,
    fc.array(field, { maxLength: 8 }),
    fc.oneof(named, fc.constant([])),
    framing,
    fc.boolean(),
  );
  fc.assert(
    fc.property(lines, ([[verb, origin, target, search], host, fields, connection, body, trusted]) => {
      fc.pre(verb !== "CONNECT");
      const text = [`${verb} ${origin}${target}${search} HTTP/1.1`, `Host: ${host}`, ...fields, ...connection, ...body];
      const came = request(...text);
      // Untrusted, X-Forwarded-* and the like vanish before anything is compared.
      const written = forwarded(came, context(trusted), trusted);
      const again = request(...written);
      assert.deepEqual(said(again), said(came));
      const added = trusted ? [] : ["x-added: 1"];
      assert.deepEqual(endToEnd(again), [...endToEnd(came), ...added]);
      const { head } = again;
      assert.equal(
        Number(head.first[Field.CONTENT_LENGTH] >= 0) + Number(head.first[Field.TRANSFER_ENCODING] >= 0),
        head.body === Body.NONE ? 0 : 1,
      );
      for (const id of [
        Field.KEEP_ALIVE,
        Field.PROXY_CONNECTION,
        Field.PROXY_AUTHORIZATION,
        Field.UPGRADE,
        Field.DROPPED,
      ]) {
        assert.equal(head.first[id], -1);
      }
      assert.equal(head.keepAlive, true);
    }),
    { numRuns: 2000 },
  );
});

test("a forwarded response parses as the response that came, framed as its client needs it", () => {
  const lines = fc.tuple(
    fc.constantFrom("HTTP/1.1 200 OK", "HTTP/1.0 404 ", "HTTP/1.1 500", "HTTP/1.1 304 x", "HTTP/1.1 204 y"),
    fc.array(field, { maxLength: 8 }),
    fc.oneof(named, fc.constant([])),
    framing,
    fc.constantFrom<0 | 1>(0, 1),
    fc.boolean(),
    fc.constantFrom(Method.GET, Method.HEAD),
  );
  fc.assert(
    fc.property(lines, ([status, fields, connection, body, clientMinor, keepAlive, verb]) => {
      fc.pre(!(status.startsWith("HTTP/1.0") && body[0]?.startsWith("T")));
      const came = response([status, ...fields, ...connection, ...body], verb);
      const kind = chooseFraming(came.head, clientMinor);
      const written = answered(came, responseContext({ clientMinor, keepAlive, framing: kind }));
      const again = response(written, verb);
      assert.equal(again.head.status, came.head.status);
      assert.deepEqual(endToEnd(again), endToEnd(came));
      const expected = kind === Framing.CHUNK ? Body.CHUNKED : kind === Framing.DECHUNK ? Body.CLOSE : came.head.body;
      assert.equal(again.head.body, expected);
      assert.equal(again.head.contentLength, came.head.contentLength);
      assert.equal(again.head.keepAlive, keepAlive && kind !== Framing.DECHUNK && kind !== Framing.CLOSE);
    }),
    { numRuns: 2000 },
  );
});
