import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeResponse, encodeQuestion, isAnswerTo } from "./dns-message.js";
import { a, aaaa, cname, encodeAnswer, encodeName, record, srv, TYPE } from "./io/dns-server.test.support.js";

const asked = { id: 0x1234, name: "web.internal", type: TYPE.A, isTcp: false };
const decode = (records: readonly Uint8Array[], more = {}) => decodeResponse(encodeAnswer(asked, { records, ...more }));

test("a question is what RFC 1035 says", () => {
  const bytes = encodeQuestion(0x1234, { name: "a.bc", type: "AAAA" });
  assert.equal(Buffer.from(bytes).toString("hex"), "123401000001000000000000016102626300001c0001");
});

test("records of all known types are read, others are skipped", () => {
  const response = decode([
    a("web.internal", "10.0.0.1", 7),
    record("web.internal", 16, 60, Buffer.from("\x03txt", "latin1")),
    aaaa("web.internal", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]),
    cname("WEB.Internal", "Other.Internal"),
    srv("web.internal", 1, 2, 80, "a.b"),
  ]);
  const base = { name: "web.internal", ttlMs: 60_000 };
  assert.deepEqual(response?.answers, [
    { ...base, ttlMs: 7000, type: "A", address: "10.0.0.1" },
    { ...base, type: "AAAA", address: "2001:db8::1" },
    { ...base, type: "CNAME", target: "other.internal" },
    { ...base, type: "SRV", service: { priority: 1, weight: 2, port: 80, target: "a.b" } },
  ]);
});

test("only an answer to this very question counts; names have no case", () => {
  const question = { name: "web.internal", type: "A" } as const;
  const matches = (answer: object): boolean => {
    const response = decodeResponse(encodeAnswer(asked, answer));
    return response !== undefined && isAnswerTo(response, asked.id, question);
  };
  assert.ok(matches({}));
  assert.ok(matches({ question: "WEB.Internal" }));
  assert.ok(!matches({ id: 1 }));
  assert.ok(!matches({ question: "other.internal" }));
  assert.ok(!isAnswerTo(decodeResponse(encodeAnswer({ ...asked, type: TYPE.SRV }, {}))!, asked.id, question));
});

test("a dot within a label is not one between labels", () => {
  const odd = Buffer.concat([Buffer.from([12]), Buffer.from("web.internal"), Buffer.from([0])]);
  const response = decodeResponse(
    Buffer.concat([encodeAnswer(asked, {}).subarray(0, 12), odd, Buffer.from([0, 1, 0, 1])]),
  );
  assert.equal(response?.question.name, "web\\046internal");
});

test("compressed names are followed, and loops of pointers end", () => {
  const head = encodeAnswer(asked, { records: [new Uint8Array(0)] });
  const rest = [0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 1];
  const withName = (...name: number[]) => decodeResponse(Buffer.concat([head, Buffer.from([...name, ...rest])]));
  assert.equal(withName(0xc0, 12)?.answers[0].name, "web.internal");
  assert.equal(withName(1, 0x78, 0xc0, 12)?.answers[0].name, "x.web.internal");
  // At itself, and at each other.
  assert.equal(withName(0xc0, head.length), undefined);
  assert.equal(withName(0xc0, head.length + 2, 0xc0, head.length), undefined);
  assert.equal(withName(1, 0x78, 0xc0, head.length), undefined, "a name that grows for ever");
  assert.equal(withName(0xc0, 0xff), undefined, "a pointer beyond the end");
  assert.equal(withName(0x80), undefined, "a label of a kind that does not exist");
});

test("malformed messages are refused", () => {
  assert.equal(decodeResponse(encodeQuestion(1, { name: "a", type: "A" })), undefined, "a question is no response");
  assert.equal(decode([record("web.internal", TYPE.A, 60, Buffer.from([1, 2, 3]))]), undefined);
  assert.equal(decode([record("web.internal", TYPE.AAAA, 60, Buffer.from([1]))]), undefined);
  assert.equal(decode([record("web.internal", TYPE.SRV, 60, Buffer.from([0, 0, 0, 0, 0, 0]))]), undefined);
  assert.equal(
    decode([record("web.internal", TYPE.CNAME, 60, Buffer.concat([encodeName("a"), encodeName("b")]))]),
    undefined,
  );
  const good = encodeAnswer(asked, { records: [a("web.internal", "10.0.0.1")] });
  for (let length = 0; length < good.length; length++)
    assert.equal(decodeResponse(good.subarray(0, length)), undefined);
  assert.equal(decode([a("web.internal", "10.0.0.1", 0xffff_ffff)])?.answers[0].ttlMs, 0);
});

test("a truncated answer has no records, whatever follows", () => {
  const bytes = encodeAnswer(asked, { isTruncated: true, records: [a("web.internal", "10.0.0.1")] });
  const response = decodeResponse(bytes.subarray(0, -2));
  assert.deepEqual([response?.isTruncated, response?.answers], [true, []]);
});

test("no bytes make it throw or run long", () => {
  const good = encodeAnswer(asked, { records: [a("web.internal", "10.0.0.1"), srv("web.internal", 1, 1, 1, "a.b")] });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }), (changes) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes[at] = value;
      decodeResponse(bytes);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodeResponse(bytes)),
    { numRuns: 1000 },
  );
});
