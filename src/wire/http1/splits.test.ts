/** Whatever arrives, and in whatever pieces: the result is that of the whole. Pieces of messages in any order and number. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeIn } from "./decoded.test.support.js";
import { Method, type MethodId } from "./head.js";
import { DEFAULT_HTTP_LIMITS } from "./limits.js";
import { bytesOfText, readRequest, readResponse, textOfBytes } from "./parsed.test.support.js";

const LIMITS = { ...DEFAULT_HTTP_LIMITS, maxLineBytes: 48, maxHeaderBytes: 160, maxHeaderCount: 4 };

const noise = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      "\r\n",
      "\r",
      "\n",
      " ",
      "\t",
      ":",
      "\0",
      "\x7f",
      "\x80",
      "a",
      "0",
      "?",
      "#",
      "\r\n\r\n",
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 3, unit: "binary-ascii" }) },
);
const field = fc.constantFrom(
  "Host: a\r\n",
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close, x\r\n",
  "X: y\r\n",
  "X_Forwarded_For: z\r\n",
  "Upgrade: websocket\r\n",
  "Expect: 100-continue\r\n",
  `Y: ${"z".repeat(60)}\r\n`,
);
const requestLine = fc.constantFrom(
  "GET / HTTP/1.1\r\n",
  "POST /a?b HTTP/1.0\r\n",
  "OPTIONS * HTTP/1.1\r\n",
  "GET http://b/ HTTP/1.1\r\n",
  "CONNECT b:1 HTTP/1.1\r\n",
  "GET / HTTP/2.0\r\n",
  `GET /${"a".repeat(50)} HTTP/1.1\r\n`,
  "\r\n\r\nGET / HTTP/1.1\r\n",
);
const statusLine = fc.constantFrom(
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.0 204\r\n",
  "HTTP/1.1 101 x\r\n",
  "HTTP/1.1 2000\r\n",
  "HTTP/3.1 200 OK\r\n",
  `HTTP/1.1 200 ${"a".repeat(50)}\r\n`,
);

/** Mostly whole lines, now and then something between them. */
function message(first: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const rest = fc.array(fc.oneof({ weight: 6, arbitrary: field }, { weight: 1, arbitrary: noise }), { maxLength: 7 });
  const end = fc.constantFrom("\r\n", "\r\n", "\r\nrest", "");
  return fc.tuple(fc.oneof({ weight: 9, arbitrary: first }, noise), rest, end).map(([a, b, c]) => a + b.join("") + c);
}

test("a request head is incomplete until it has its result, and then has it for good", () => {
  // readRequest compares every prefix with the whole.
  fc.assert(
    fc.property(message(requestLine), (text) => {
      const { consumed } = readRequest(text, LIMITS);
      if (consumed > 0) assert.equal(readRequest(text.slice(0, consumed), LIMITS).consumed, consumed);
    }),
    { numRuns: 1000 },
  );
});

test("a response head is incomplete until it has its result, and then has it for good", () => {
  const methods = fc.constantFrom<MethodId>(Method.GET, Method.HEAD, Method.CONNECT);
  fc.assert(
    fc.property(message(statusLine), methods, (text, method) => {
      const { consumed } = readResponse(text, method, LIMITS);
      if (consumed > 0) assert.equal(readResponse(text.slice(0, consumed), method, LIMITS).consumed, consumed);
    }),
    { numRuns: 1000 },
  );
});

const cuts = fc.array(fc.nat(400), { maxLength: 12 });

function cutsOf(text: string, numbers: readonly number[]): number[] {
  return numbers.map((n) => n % (text.length + 1)).sort((a, b) => a - b);
}

test("a chunked body in pieces gives what it gives whole", () => {
  const pieces = fc.constantFrom(
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "0",
    "1",
    "a",
    ";a=b",
    ';a="\\""',
    "\r\n",
    "\r",
    "\n",
    "X: y\r\n",
    "Host: z\r\n",
    " ",
    "005\r\nhello\r\n",
  );
  const limits = { ...LIMITS, maxChunkExtensionBytes: 12, maxTrailerBytes: 40 };
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: pieces }, noise), { maxLength: 12 }),
      cuts,
      (parts, numbers) => {
        const text = parts.join("");
        assert.deepEqual(decodeIn(text, cutsOf(text, numbers), limits), decodeIn(text, [], limits));
      },
    ),
    { numRuns: 2500 },
  );
});

test("data that was cut into chunks comes out whole, and is forwarded canonically", () => {
  const chunk = fc.tuple(
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    fc.nat(3),
    fc.constantFrom("", ";a", '; a = "b"'),
  );
  const trailers = fc.constantFrom("", "X: y\r\n", "Host: z\r\n", "Cookie: a\r\nX: y\r\n");
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), trailers, cuts, (chunks, trailer, numbers) => {
      let text = "";
      let body = "";
      let canonical = "";
      for (const [bytes, zeros, extension] of chunks) {
        const data = textOfBytes(bytes, 0, bytes.length);
        text += `${"0".repeat(zeros)}${data.length.toString(16)}${extension}\r\n${data}\r\n`;
        canonical += `${data.length.toString(16)}\r\n${data}\r\n`;
        body += data;
      }
      text += `0\r\n${trailer}\r\n`;
      canonical += `0\r\n${trailer.replace(/^(Host|Cookie).*\r\n/, "")}\r\n`;
      const expected = { result: "done", body, forwarded: canonical, consumed: bytesOfText(text).length };
      assert.deepEqual(decodeIn(`${text}GET /`, cutsOf(text, numbers)), expected);
      assert.equal(decodeIn(canonical, []).forwarded, canonical, "and then stays as it is");
    }),
    { numRuns: 1000 },
  );
});
