/**
 * The messages of grpc.health.v1.Health/Check and what a reply means (github.com/grpc/grpc/blob/master/doc/health-checking.md):
 * protobuf by hand, since two messages of one field each need no library. Bytes in, judgement out; the HTTP/2 exchange that
 * carries them is not this folder's.
 */
import type { Judgement } from "./reader.js";

export const GRPC_HEALTH_PATH = "/grpc.health.v1.Health/Check";
/** A HealthCheckResponse has two bytes; a server that sends more than this answers something else. */
export const MAX_GRPC_REPLY_BYTES = 1024;

/** grpc-status codes (github.com/grpc/grpc/blob/master/doc/statuscodes.md) that an operator will meet here. */
const CODES: Readonly<Record<number, string>> = {
  1: "CANCELLED",
  2: "UNKNOWN",
  4: "DEADLINE_EXCEEDED",
  5: "NOT_FOUND: the server does not know this service",
  7: "PERMISSION_DENIED",
  8: "RESOURCE_EXHAUSTED",
  12: "UNIMPLEMENTED: the server has no health service",
  13: "INTERNAL",
  14: "UNAVAILABLE",
  16: "UNAUTHENTICATED",
};
const SERVING_STATUS = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

/** A length-prefixed HealthCheckRequest: one string, field 1; empty = the server as a whole. */
export function encodeHealthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service);
  const field = name.length === 0 ? [] : [0x0a, ...varint(name.length), ...name];
  const frame = new Uint8Array(5 + field.length);
  new DataView(frame.buffer).setUint32(1, field.length);
  frame.set(field, 5);
  return frame;
}

/** @param body all bytes of the response's body @returns undefined if they are not one uncompressed HealthCheckResponse */
export function decodeHealthReply(body: Uint8Array): number | undefined {
  if (body.length < 5 || body.length > MAX_GRPC_REPLY_BYTES || body[0] !== 0) return undefined;
  const length = new DataView(body.buffer, body.byteOffset).getUint32(1);
  return length === body.length - 5 ? readStatus(body.subarray(5)) : undefined;
}

/** @param grpcStatus of the trailer; undefined = there was none @param body as for `decodeHealthReply` */
export function judgeHealthReply(httpStatus: number, grpcStatus: number | undefined, body: Uint8Array): Judgement {
  if (httpStatus !== 200) return { ok: false, reason: `status ${httpStatus}, expected 200` };
  if (grpcStatus === undefined) return { ok: false, reason: "no grpc-status" };
  if (grpcStatus !== 0) return { ok: false, reason: `grpc-status ${grpcStatus} ${CODES[grpcStatus] ?? ""}`.trim() };
  const status = decodeHealthReply(body);
  if (status === undefined) return { ok: false, reason: "malformed HealthCheckResponse" };
  return { ok: status === 1, reason: SERVING_STATUS[status] ?? `serving status ${status}` };
}

/** Field 1 of the message; later values replace earlier ones and other fields are passed over, as protobuf asks. */
function readStatus(message: Uint8Array): number | undefined {
  const at = { index: 0 };
  let status = 0;
  while (at.index < message.length) {
    const key = readVarint(message, at);
    if (key === undefined || key >>> 3 === 0) return undefined;
    if (key === 0x08) {
      const value = readVarint(message, at);
      if (value === undefined) return undefined;
      status = value;
    } else if (!skip(key & 7, message, at)) return undefined;
  }
  return status;
}

function skip(wireType: number, message: Uint8Array, at: { index: number }): boolean {
  if (wireType === 0) return readVarint(message, at) !== undefined;
  const size = wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? readVarint(message, at) : undefined;
  if (size === undefined || size > message.length - at.index) return false;
  at.index += size;
  return true;
}

/** At most 10 bytes; what does not fit into 32 bits is taken modulo 2^32, as protobuf does for enums. */
function readVarint(message: Uint8Array, at: { index: number }): number | undefined {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = message[at.index++];
    if (byte === undefined) return undefined;
    if (i < 5) value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return value >>> 0;
  }
  return undefined;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
