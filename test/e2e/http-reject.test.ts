/**
 * Requests that must not be forwarded, as in SAFETY's list: each is refused with a status, the connection ends, and neither
 * a byte of it nor of what follows it reaches an endpoint.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ENGINES } from "./ops-support/proxy.js";
import { status, values } from "./support/message.js";
import { useStage } from "./support/stage.js";

const NEXT = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
/** A whole request whose line is `line`. */
const line = (text: string): string => `${text}\r\nHost: a\r\n\r\n`;
/** A whole GET with these field lines. */
const fields = (...lines: string[]): string => `GET / HTTP/1.1\r\nHost: a\r\n${lines.join("\r\n")}\r\n\r\n`;
/** A POST with these field lines and a body. */
const post = (body: string, ...lines: string[]): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${lines.join("\r\n")}\r\n\r\n${body}`;

type Row = readonly [id: string, what: string, bytes: string, ...wanted: number[]];

const ROWS: readonly Row[] = [
  ["R01", "two blanks in the request line", line("GET  / HTTP/1.1"), 400],
  ["R03", "a blank before the line's end", line("GET / HTTP/1.1 "), 400],
  ["R03", "a blank before the method", line(" GET / HTTP/1.1"), 400],
  ["R04", "a hundred empty lines", `${"\r\n".repeat(100)}${NEXT}`, 400],
  ["R06", "a bare CR in the target", line("GET /\ra HTTP/1.1"), 400],
  ["R06", "a bare CR in the version", line("GET / HTTP/1.1\r"), 400],
  ["R07", "HTTP/0.9", "GET /\r\n", 400],
  ["R08", "HTTP/2.0", line("GET / HTTP/2.0"), 505],
  ["R08", "HTTP/9.9", line("GET / HTTP/9.9"), 505],
  ...[...'=":<>(/\0'].map(
    (char): Row => ["R10", `${JSON.stringify(char)} in the method`, line(`G${char}T / HTTP/1.1`), 400],
  ),
  ["R13", "a raw blank in the target", line("GET /a b HTTP/1.1"), 400],
  ...["\0", "\x01", "\t", "\x1f", "\x7f"].map((char): Row => {
    return ["R14", `${JSON.stringify(char)} in the target`, line(`GET /a${char}b HTTP/1.1`), 400];
  }),
  ["R16", "# in the target", line("GET /a#b HTTP/1.1"), 400],
  ["R17", "a target that is a word", line("GET admin HTTP/1.1"), 400],
  ["R17", "a target that is an authority", line("GET h:80 HTTP/1.1"), 400],
  ["R17", "GET *", line("GET * HTTP/1.1"), 400],
  ["R17", "OPTIONS */x", line("OPTIONS */x HTTP/1.1"), 400],
  ["R20", "an ftp target", line("GET ftp://h/ HTTP/1.1"), 400],
  ["R20", "a file target", line("GET file:///etc/x HTTP/1.1"), 400],
  ["R20", "http with one slash", line("GET http:/x HTTP/1.1"), 400],
  ["R21", "CONNECT without a port", line("CONNECT h HTTP/1.1"), 400],
  ["R21", "CONNECT with a path", line("CONNECT /x HTTP/1.1"), 400],
  ["R21 U05", "CONNECT, with early data", line("CONNECT a:80 HTTP/1.1"), 405, 501],
  ["R22", "a target of 64 KiB", line(`GET /${"a".repeat(65_536)} HTTP/1.1`), 414],
  ["F01", "no Host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["F02", "two equal Host lines", fields("Host: a"), 400],
  ["F02", "two different Host lines", fields("Host: b"), 400],
  ["F05", "a blank before the colon", post("hello", "Content-Length : 5"), 400],
  ["F07", "a first field line that starts with a blank", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400],
  ["F08", "a folded field", fields("X: a", " b"), 400],
  ["F10", "a line without a colon", fields("nocolon"), 400],
  ["F11", "an empty name", fields(": x"), 400],
  ["F11", "a lone colon", fields(":"), 400],
  ["F13", "NUL in a value", fields("X: a\0b"), 400],
  ["F14", "a bare CR in a value", fields("X: a\rb"), 400],
  ["F14", "CR CR LF", fields("X: a\r"), 400],
  ["F16", "a section ended by LF LF", "GET / HTTP/1.1\r\nHost: a\n\n", 400],
  ["F16", "a section ended by CRLF CR X", "GET / HTTP/1.1\r\nHost: a\r\n\rX", 400],
  ...["\x01", "\x08", "\x0b", "\x1f", "\x7f"].map((char): Row => {
    return ["F17", `${JSON.stringify(char)} in a value`, fields(`X: a${char}b`), 400];
  }),
  ["F21", "more fields than allowed", fields(...Array.from({ length: 101 }, (_, i) => `X-${i}: 1`)), 431],
  [
    "F22",
    "a section over the limit",
    fields(...Array.from({ length: 20 }, (_, i) => `X-${i}: ${"a".repeat(1000)}`)),
    431,
  ],
  ["F22", "a field over the limit", fields(`X: ${"a".repeat(9000)}`), 431],
  ["F24", "Content-Length behind the count limit", post("x", ...Array(101).fill("X: 1"), "Content-Length: 1"), 431],
  ["L01", "a length and chunks", post("0\r\n\r\n", "Content-Length: 5", "Transfer-Encoding: chunked"), 400],
  ["L02", "a list of two equal lengths", post("hello", "Content-Length: 5, 5"), 400],
  ["L02", "two equal lengths", post("hello", "Content-Length: 5", "Content-Length: 5"), 400],
  ["L03", "two lengths, the larger first", post("hello", "Content-Length: 5", "Content-Length: 4"), 400],
  ["L03", "two lengths, the smaller first", post("hello", "Content-Length: 4", "Content-Length: 5"), 400],
  ...["+5", "-5", "-0", "0x5", "5_0", "5.0", "5e0", "1Z", '"5"', "\xef\xbc\x95", ""].map((length): Row => {
    return ["L05", `the length ${JSON.stringify(length)}`, post("hello", `Content-Length: ${length}`), 400];
  }),
  ...["9007199254740993", "9223372036854775808", "18446744073709551621", `1${"0".repeat(30)}`].map((length): Row => {
    return ["L07", `the length ${length}`, post("hello", `Content-Length: ${length}`), 400, 413];
  }),
  ...["\x0b", "\x0c", "\xa0"].map((char): Row => {
    return ["L08", `a length led by ${JSON.stringify(char)}`, post("hello", `Content-Length: ${char}5`), 400];
  }),
  ...["gzip", "identity", "xchunked", "chunked, gzip", "chunked;a=b", "chunked, chunked"].map((coding): Row => {
    return ["L09", `the coding ${coding}`, post("0\r\n\r\n", `Transfer-Encoding: ${coding}`), 400, 501];
  }),
  ...[",chunked", "chunked,", "\x0bchunked", "chunked\0", '"chunked"', "chun ked", ""].map((coding): Row => {
    return ["L11", `the coding ${JSON.stringify(coding)}`, post("0\r\n\r\n", `Transfer-Encoding: ${coding}`), 400, 501];
  }),
  ["L13", "chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
  ["L22", "an HTTP/1.0 POST without a length", "POST / HTTP/1.0\r\nHost: a\r\n\r\n", 400, 411],
  ...["0x5", "+5", "-5", "5_", "_5", "5 ", " 5", "\t5", "5\t", "", "0".repeat(10_000)].map((size): Row => {
    const name = size.length > 10 ? "of ten thousand zeros" : JSON.stringify(size);
    return [
      "C01 C03",
      `a chunk size ${name}`,
      post(`${size}\r\nhello\r\n0\r\n\r\n`, "Transfer-Encoding: chunked"),
      400,
    ];
  }),
  ["C05", "a size line ended by LF", post("5\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400],
  ["C05", "chunk data ended by LF", post("5\r\nhello\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400],
  ["C08", "chunk data longer than its size", post("4\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400],
  [
    "C12",
    "an extra CRLF before the last chunk",
    post("5\r\nhello\r\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    400,
  ],
  ["C12", "a last chunk ended by LF", post("5\r\nhello\r\n0\n\r\n", "Transfer-Encoding: chunked"), 400],
];

for (const engine of ENGINES) {
  describe(`requests that are refused, on ${engine}`, () => {
    const stage = useStage(engine);

    for (const [id, what, bytes, ...wanted] of ROWS) {
      test(`${id}: ${what} is refused, and nothing reaches the endpoint`, async () => {
        const client = await stage.ask(bytes + NEXT);
        const response = await client.response();
        assert.ok(wanted.includes(status(response)), `${response.startLine}, wanted ${wanted.join(" or ")}`);
        await client.ended();
        assert.equal(client.rest, "", "what follows is not answered");
        assert.equal(stage.witness.received, "");

        const slow = await stage.connect();
        const cut = Math.floor(bytes.length / 2);
        await slow.sendApart(bytes.slice(0, cut), bytes.slice(cut));
        const again = await slow.response();
        assert.ok(wanted.includes(status(again)), `in two pieces: ${again.startLine}`);
        await slow.ended();
        // A body that turns out to be malformed may have been begun.
        for (const wire of stage.witness.connections) await wire.ended();
        assert.ok(!/0\r\n\r\n$/.test(stage.witness.received), "no whole request is forwarded");
      });
    }

    test("P05: TRACE is answered with 405, and the connection serves the next request", async () => {
      const client = await stage.ask(line("TRACE / HTTP/1.1") + line("GET /next HTTP/1.1"));
      const refusal = await client.response();
      assert.equal(status(refusal), 405);
      assert.ok(values(refusal, "allow")[0].includes("GET"));
      assert.equal(status(await client.response()), 200);
      assert.deepEqual(stage.witness.requests, [["GET /next"]]);
    });

    test("P06: of three pipelined requests the first is answered, the second refused, the third never forwarded", async () => {
      const client = await stage.ask(line("GET /1 HTTP/1.1") + fields("Bad Name: x") + line("GET /3 HTTP/1.1"));
      assert.equal(status(await client.response()), 200);
      assert.equal(status(await client.response()), 400);
      assert.equal(await client.ended(), "fin");
      assert.deepEqual(stage.witness.requests, [["GET /1"]]);
    });

    test("C14: what follows a complete chunked body is a request of its own, and refused if it is none", async () => {
      const client = await stage.ask(`${post("2\r\nab\r\n0\r\n\r\n", "Transfer-Encoding: chunked")}garbage\r\n\r\n`);
      assert.equal(status(await client.response()), 200);
      assert.equal(status(await client.response()), 400);
      await client.ended();
      assert.deepEqual(stage.witness.requests, [["POST /"]]);
    });

    test("L17 C08: a request body that FIN cuts short is refused, and its upstream connection destroyed", async () => {
      for (const body of [post("ab", "Content-Length: 5"), post("5\r\nab", "Transfer-Encoding: chunked")]) {
        const client = await stage.connect();
        client.end(body);
        assert.equal(status(await client.response()), 400);
        await client.ended();
      }
      for (const wire of stage.witness.connections) await wire.ended();
    });

    test("L17: a client that resets within its body takes the upstream connection with it", async () => {
      stage.witness.script = () => {};
      const client = await stage.ask(post("ab", "Content-Length: 5"));
      const wire = await stage.witness.connection();
      await wire.until("the body's begin", () => wire.received.endsWith("\r\n\r\nab"));
      client.reset();
      await wire.ended();
      await stage.logged((one) => one.code === "CLIENT_CLOSED" && one.method === "POST");
    });
  });
}
