import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decodeHealthReply,
  encodeHealthRequest,
  GRPC_HEALTH_PATH,
  judgeHealthReply,
  MAX_GRPC_REPLY_BYTES,
} from "./grpc.js";

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");
const SERVING = hex("00 00000002 0801");

test("requests are what protoc and gRPC make of them", () => {
  assert.equal(GRPC_HEALTH_PATH, "/grpc.health.v1.Health/Check");
  assert.deepEqual(Buffer.from(encodeHealthRequest("")).toString("hex"), "0000000000");
  assert.deepEqual(Buffer.from(encodeHealthRequest("a.B")).toString("hex"), "00000000050a03612e42");
  const long = encodeHealthRequest("x".repeat(300));
  assert.deepEqual(Buffer.from(long.subarray(0, 8)).toString("hex"), "000000012f0aac02");
});

for (const [name, body, status] of [
  ["an empty message is the default, UNKNOWN", "00 00000000", 0],
  ["SERVING", "00 00000002 0801", 1],
  ["NOT_SERVING", "00 00000002 0802", 2],
  ["the last of two values counts", "00 00000004 0801 0802", 2],
  ["unknown fields are passed over", "00 0000000c 1203616263 1d01020304 0801", 1],
  ["a padded varint", "00 00000003 088100", 1],
  ["a compressed message", "01 00000002 0801", undefined],
  ["a length that is too short", "00 00000001 0801", undefined],
  ["a length that is too long", "00 00000003 0801", undefined],
  ["a value that is cut off", "00 00000002 0881", undefined],
  ["a field that overruns the message", "00 00000003 120561", undefined],
  ["field 0", "00 00000002 0001", undefined],
  ["a group", "00 00000002 0b0c", undefined],
  ["nothing", "", undefined],
] as const) {
  test(`of a reply: ${name}`, () => {
    assert.equal(decodeHealthReply(hex(body)), status);
  });
}

for (const [http, grpc, body, ok, reason] of [
  [200, 0, SERVING, true, "SERVING"],
  [200, 0, hex("00 00000002 0802"), false, "NOT_SERVING"],
  [200, 0, hex("00 00000002 0803"), false, "SERVICE_UNKNOWN"],
  [200, 0, hex("00 00000002 0809"), false, "serving status 9"],
  [200, 12, hex(""), false, "grpc-status 12 UNIMPLEMENTED: the server has no health service"],
  [200, 5, SERVING, false, "grpc-status 5 NOT_FOUND: the server does not know this service"],
  [200, 99, SERVING, false, "grpc-status 99"],
  [200, undefined, SERVING, false, "no grpc-status"],
  [503, 0, SERVING, false, "status 503, expected 200"],
  [200, 0, hex("ff"), false, "malformed HealthCheckResponse"],
] as const) {
  test(`HTTP ${http}, grpc-status ${grpc}: ${reason}`, () => {
    assert.deepEqual(judgeHealthReply(http, grpc, body), { ok, reason });
  });
}

test("no bytes make the decoder throw, and what it accepts is framed", () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .uint8Array({ maxLength: 40 })
      .map((message) => Buffer.concat([hex("00000000"), Buffer.of(message.length), message])),
  );
  fc.assert(
    fc.property(bodies, (body) => {
      const status = decodeHealthReply(body);
      if (status === undefined) return;
      assert.equal(body[0], 0);
      assert.ok(Number.isInteger(status) && status >= 0 && status < 2 ** 32);
    }),
    { numRuns: 20_000, interruptAfterTimeLimit: 3000 },
  );
  assert.equal(decodeHealthReply(new Uint8Array(MAX_GRPC_REPLY_BYTES + 1)), undefined);
});
