import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Answer, type Expectation, MAX_BODY_BYTES, MAX_HEAD_BYTES } from "./answer.js";
import type { Judgement } from "./reader.js";

const any2xx: Expectation = { method: "GET", statuses: [[200, 299]], body: "" };
const saysReady: Expectation = { ...any2xx, body: "ready" };

/** Feeds `text` (Latin-1) in pieces, then closes the connection. */
function judge(expected: Expectation, text: string, cuts: readonly number[] = []): Judgement {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const answer = new Answer(expected);
  const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) {
    const judgement = answer.feed(bytes.subarray(edges[i - 1], edges[i]));
    if (judgement !== undefined) return judgement;
  }
  return answer.end();
}

const ROWS: readonly (readonly [string, Expectation, string, boolean, string])[] = [
  ["an expected status", any2xx, "HTTP/1.1 204 No Content\r\n\r\n", true, "status 204"],
  ["HTTP/1.0 without a reason phrase", any2xx, "HTTP/1.0 200\r\n\r\n", true, "status 200"],
  [
    "an interim response first",
    any2xx,
    "HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    true,
    "status 200",
  ],
  ["another status", any2xx, "HTTP/1.1 500 Oops\r\n\r\n", false, "status 500, expected 200-299"],
  [
    "several ranges",
    {
      ...any2xx,
      statuses: [
        [200, 200],
        [300, 399],
      ],
    },
    "HTTP/1.1 404 -\r\n\r\n",
    false,
    "status 404, expected 200, 300-399",
  ],
  [
    "the text in a sized body",
    saysReady,
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nam ready!",
    true,
    "status 200, body as expected",
  ],
  ["the text in an unsized body", saysReady, "HTTP/1.1 200 OK\r\n\r\nrereready", true, "status 200, body as expected"],
  [
    "the text across chunks",
    saysReady,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nxre\r\n03\r\nady\r\n0\r\n\r\n",
    true,
    "status 200, body as expected",
  ],
  [
    "the text only in the framing",
    { ...any2xx, body: "e\r\nf" },
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ne\r\n1\r\nf\r\n0\r\n\r\n",
    false,
    'the body does not contain "e\\r\\nf"',
  ],
  [
    "another body",
    saysReady,
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
    false,
    'the body does not contain "ready"',
  ],
  [
    "text behind the body's end",
    saysReady,
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nnoready",
    false,
    'the body does not contain "ready"',
  ],
  ["no body where text is wanted", saysReady, "HTTP/1.1 204 -\r\n\r\n", false, 'the body does not contain "ready"'],
  [
    "a body that is cut off",
    saysReady,
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno",
    false,
    "closed before the response was complete",
  ],
  ["nothing", any2xx, "", false, "closed without a response"],
  ["half a header", any2xx, "HTTP/1.1 200 OK\r\nA: b\r\n", false, "closed before the response was complete"],
  ["another protocol", any2xx, "SSH-2.0-OpenSSH_9.2\r\n\r\n", false, "malformed response"],
  ["HTTP/2", any2xx, "HTTP/2 200 OK\r\n\r\n", false, "malformed response"],
  ["a bare line feed", any2xx, "HTTP/1.1 200 OK\n\n", false, "malformed response"],
  ["a folded field", any2xx, "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", false, "malformed response"],
  ["a blank before the colon", any2xx, "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", false, "malformed response"],
  ["a NUL", any2xx, "HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", false, "malformed response"],
  [
    "two lengths",
    any2xx,
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    false,
    "malformed response",
  ],
  [
    "a length and chunks",
    any2xx,
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    false,
    "malformed response",
  ],
  ["an unwanted 101", any2xx, "HTTP/1.1 101 -\r\n\r\n", false, "malformed response"],
  [
    "a bad chunk size",
    saysReady,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n",
    false,
    "malformed chunk",
  ],
  [
    "an endless header",
    any2xx,
    `HTTP/1.1 200 OK\r\nA: ${"b".repeat(MAX_HEAD_BYTES)}`,
    false,
    `header longer than ${MAX_HEAD_BYTES} bytes`,
  ],
  [
    "an endless body",
    saysReady,
    `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(MAX_BODY_BYTES)}ready`,
    false,
    `the body does not contain "ready" in its first ${MAX_BODY_BYTES} bytes`,
  ],
];

for (const [name, expected, text, ok, reason] of ROWS) {
  test(`${name} is ${ok ? "healthy" : "unhealthy"}: ${reason}`, () => {
    assert.deepEqual(judge(expected, text), { ok, reason });
  });
}

test("any split of the bytes gives the same judgement", () => {
  const short = ROWS.filter(([, , text]) => text.length < 1000);
  fc.assert(
    fc.property(fc.constantFrom(...short), fc.array(fc.nat(150), { maxLength: 20 }), ([, expected, text], cuts) => {
      assert.deepEqual(judge(expected, text, cuts), judge(expected, text));
    }),
    { numRuns: 500 },
  );
});

test("text that is not ASCII is found by its UTF-8 bytes", () => {
  const utf8 = String.fromCharCode(...new TextEncoder().encode("größer"));
  const expected = { ...any2xx, body: "größer" };
  assert.equal(judge(expected, `HTTP/1.1 200 OK\r\n\r\n${utf8}`).ok, true);
});

test("no bytes at all make the reader throw, and only a well-formed response is healthy", () => {
  const pieces = fc.constantFrom(
    "HTTP/1.1 ",
    "200",
    " OK",
    "\r\n",
    "\n",
    "A: b",
    ":",
    "Content-Length: 3",
    "\0",
    "ready",
    "5",
    "\x80",
  );
  const inputs = fc.oneof(
    fc.array(pieces, { maxLength: 15 }).map((parts) => parts.join("")),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => String.fromCharCode(...bytes)),
  );
  fc.assert(
    fc.property(inputs, (text) => {
      const judgement = judge(any2xx, text);
      if (judgement.ok) assert.match(text, /^HTTP\/1\.[01] 2\d\d( [^\r\n]*)?\r\n([^\r\n]+\r\n)*\r\n/);
    }),
    { numRuns: 20_000, interruptAfterTimeLimit: 3000 },
  );
});
