/**
 * Requests that look odd and are right, as in SAFETY's list: they are forwarded, in the form that is written here, and every
 * server model reads the same requests in what is forwarded.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ENGINES } from "./ops-support/proxy.js";
import { readMessage, status, values } from "./support/message.js";
import { useStage } from "./support/stage.js";

interface Row {
  readonly id: string;
  readonly what: string;
  readonly bytes: string;
  readonly line: string;
  readonly body?: string;
  readonly fields?: Readonly<Record<string, readonly string[]>>;
  /** Readers that this request cannot be saved from. */
  readonly except?: readonly string[];
}

const get = (...lines: string[]): string =>
  `GET / HTTP/1.1\r\nHost: a\r\n${lines.map((one) => `${one}\r\n`).join("")}\r\n`;
const chunked = (body: string, ...lines: string[]): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${["Transfer-Encoding: chunked", ...lines].join("\r\n")}\r\n\r\n${body}`;
const GET = "GET / HTTP/1.1";
const POST = "POST / HTTP/1.1";
const NO_BODY_OF_GET = ["O10"];

const ROWS: readonly Row[] = [
  { id: "R04", what: "an empty line before the request", bytes: `\r\n${get()}`, line: GET },
  { id: "R11", what: "the method get", bytes: "get / HTTP/1.1\r\nHost: a\r\n\r\n", line: "get / HTTP/1.1" },
  { id: "R17", what: "OPTIONS *", bytes: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", line: "OPTIONS * HTTP/1.1" },
  {
    id: "R18",
    what: "an absolute target with another authority than Host",
    bytes: "GET http://b.example:81/x HTTP/1.1\r\nHost: a\r\n\r\n",
    line: "GET /x HTTP/1.1",
    fields: { host: ["b.example:81"] },
  },
  {
    id: "R24",
    what: "a target of two slashes",
    bytes: "GET //evil/x HTTP/1.1\r\nHost: a\r\n\r\n",
    line: "GET //evil/x HTTP/1.1",
  },
  {
    id: "F18",
    what: "a value with high bytes",
    bytes: get("X: \x80\xe9\xff"),
    line: GET,
    fields: { x: ["\x80\xe9\xff"] },
  },
  {
    id: "F20",
    what: "an alias with underscores",
    bytes: get("Content_Length: 5", "Transfer_Encoding: chunked", "X_Forwarded_For: 1.2.3.4"),
    line: GET,
    fields: { content_length: [], transfer_encoding: [], x_forwarded_for: [] },
  },
  {
    id: "L12",
    what: "the coding CHUNKED",
    bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    line: POST,
    body: "ab",
    fields: { "transfer-encoding": ["chunked"] },
  },
  ...["GET", "HEAD", "DELETE", "OPTIONS"].map((method): Row => {
    return {
      id: "L15",
      what: `${method} with a body`,
      bytes: `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`,
      line: `${method} / HTTP/1.1`,
      body: "hello",
      fields: { "content-length": ["5"] },
      except: NO_BODY_OF_GET,
    };
  }),
  {
    id: "L18",
    what: "Connection that names framing and Host",
    bytes:
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: content-length, transfer-encoding, host\r\nContent-Length: 2\r\n\r\nab",
    line: POST,
    body: "ab",
    fields: { host: ["a"], "content-length": ["2"], connection: [] },
  },
  {
    id: "L22",
    what: "an HTTP/1.0 POST with a length that keeps its connection",
    bytes: "POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab",
    line: POST,
    body: "ab",
  },
  {
    id: "C07",
    what: "a chunk extension",
    bytes: chunked('5;a=b;c="d\\"e"\r\nhello\r\n0\r\n\r\n'),
    line: POST,
    body: "hello",
  },
  {
    id: "C10",
    what: "trailers that would change the request",
    bytes: chunked(
      "2\r\nab\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nHost: evil\r\nAuthorization: x\r\nCookie: x\r\nConnection: x\r\nX-Sum: 1\r\n\r\n",
    ),
    line: POST,
    body: "ab",
    fields: { authorization: [], cookie: [], host: ["a"], "x-sum": [] },
  },
  {
    id: "P01",
    what: "Connection: close, X-Foo",
    bytes: get("Connection: close, X-Foo", "X-Foo: 1", "X-Bar: 2"),
    line: GET,
    fields: { connection: [], "x-foo": [], "x-bar": ["2"] },
  },
  {
    id: "P03",
    what: "a request with every field of its hop",
    bytes: get("Keep-Alive: 5", "Proxy-Connection: x", "TE: trailers, gzip", "Upgrade: h2c", "Proxy-Authorization: x"),
    line: GET,
    fields: { "keep-alive": [], "proxy-connection": [], te: ["trailers"], upgrade: [], "proxy-authorization": [] },
  },
  {
    id: "U03",
    what: "an Upgrade to h2c",
    bytes: get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
    line: GET,
    fields: { upgrade: [], connection: [], "http2-settings": [] },
  },
  {
    id: "U03",
    what: "an Upgrade by POST",
    bytes: "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nab",
    line: POST,
    body: "ab",
    fields: { upgrade: [], connection: [] },
  },
  {
    id: "U03",
    what: "an Upgrade in HTTP/1.0",
    bytes: "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    line: GET,
    fields: { upgrade: [], connection: [] },
  },
];

for (const engine of ENGINES) {
  describe(`odd requests that are right, on ${engine}`, () => {
    const stage = useStage(engine);

    for (const { id, what, bytes, line, body = "", fields = {}, except = [] } of ROWS) {
      test(`${id}: ${what} is forwarded in one reading, whole and byte by byte`, async () => {
        for (const parts of [[bytes], [...bytes]]) {
          const client = await stage.connect();
          await client.sendApart(...parts);
          assert.equal(status(await client.response({ toHead: line.startsWith("HEAD") })), 200);
          client.destroy();
        }
        const { received } = stage.witness;
        const message = readMessage(received)!;
        assert.equal(message.startLine, line);
        assert.equal(message.body, body);
        for (const [name, wanted] of Object.entries(fields)) assert.deepEqual(values(message, name), wanted, name);
        stage.witness.assertOneReading(except);
      });
    }

    test("P05: OPTIONS with Max-Forwards 0 is answered here, with 2 it is forwarded with 1", async () => {
      const client = await stage.ask("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");
      const own = await client.response();
      assert.equal(status(own), 200);
      assert.equal(values(own, "allow").length, 1);
      assert.equal(stage.witness.received, "");
      client.send("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 2\r\n\r\n");
      assert.equal((await client.response()).body, "ok");
      assert.deepEqual(values(readMessage(stage.witness.received)!, "max-forwards"), ["1"]);
    });
  });
}
