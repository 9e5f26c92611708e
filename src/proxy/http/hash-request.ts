/**
 * What a hashing policy hashes of a request: the first of its configured keys that the request has, as an unsigned integer
 * that is the same in every worker and release. Works on the bytes of the head; decodes nothing into strings.
 */
import { FNV_BASIS, hashByte, hashBytes, mix32 } from "../../base/hash.js";
import type { HashKey } from "../../model/spec.js";
import { FIELD_STRIDE, Field, type RequestHead } from "../../wire/http1/head.js";
import type { Downstream } from "./downstream.js";
import { decodedByte, encodedLength } from "./match-field.js";
import { latin1, NO_BYTES } from "./put-bytes.js";
import { findCookie, findHeader, findQuery, Range } from "./request-part.js";

/** What is hashed of the client. */
export type HashedClient = Pick<Downstream, "sourceHash">;

interface CompiledKey {
  readonly from: HashKey["from"];
  readonly name: Uint8Array;
}

const range = new Range();

/** The keys of one cluster or split. */
export class RequestHash {
  readonly #keys: readonly CompiledKey[];

  constructor(keys: readonly HashKey[]) {
    const encoder = new TextEncoder();
    this.#keys = keys.map((key) => {
      if (!("name" in key)) return { from: key.from, name: NO_BYTES };
      // A query parameter's name is compared decoded; the others are ASCII.
      return { from: key.from, name: key.from === "query" ? encoder.encode(key.name) : latin1(key.name) };
    });
  }

  /**
   * -1 where the request has none of them.
   * @param madeId the id that it gets if it brings none; empty = it gets none
   */
  of(bytes: Uint8Array, head: RequestHead, downstream: HashedClient, madeId: Uint8Array): number {
    for (const key of this.#keys) {
      const hash = hashKey(key, bytes, head, downstream, madeId);
      if (hash >= 0) return hash;
    }
    return -1;
  }
}

function hashKey(
  { from, name }: CompiledKey,
  bytes: Uint8Array,
  head: RequestHead,
  downstream: HashedClient,
  madeId: Uint8Array,
): number {
  switch (from) {
    case "header":
      return findHeader(bytes, head, name, range) ? hashBytes(bytes, range.start, range.end) : -1;
    case "cookie":
      return findCookie(bytes, head, name, range) ? hashBytes(bytes, range.start, range.end) : -1;
    case "query":
      return findQuery(bytes, head, name, range) ? hashDecoded(bytes, range.start, range.end) : -1;
    case "path":
      return head.pathImplied ? hashBytes(SLASH, 0, 1) : hashBytes(bytes, head.pathStart, head.pathEnd);
    case "source":
      return downstream.sourceHash;
    case "request-id":
      return hashId(bytes, head, madeId);
  }
}

const SLASH = latin1("/");

/** `a%20b` and `a+b` are one value. */
function hashDecoded(bytes: Uint8Array, start: number, end: number): number {
  let h = FNV_BASIS;
  for (let at = start; at < end; at += encodedLength(bytes, at, end)) h = hashByte(h, decodedByte(bytes, at, end));
  return mix32(h);
}

function hashId(bytes: Uint8Array, head: RequestHead, madeId: Uint8Array): number {
  const line = head.first[Field.X_REQUEST_ID] * FIELD_STRIDE;
  if (line >= 0) return hashBytes(bytes, head.fields[line + 3], head.fields[line + 4]);
  return madeId.length > 0 ? hashBytes(madeId, 0, madeId.length) : -1;
}
