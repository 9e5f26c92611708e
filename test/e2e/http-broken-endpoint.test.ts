/**
 * Responses of an endpoint that is broken or hostile, as in SAFETY's list: the client gets 502 or sees that the response was
 * cut short; that upstream connection is not used again, and nothing of it becomes another client's answer.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ENGINES } from "./ops-support/proxy.js";
import { status, values } from "./support/message.js";
import { useStage } from "./support/stage.js";
import { OK, type Script } from "./support/witness.js";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const head = (...lines: string[]): string => `HTTP/1.1 200 OK\r\n${lines.map((one) => `${one}\r\n`).join("")}\r\n`;

type Row = readonly [id: string, what: string, bytes: string];

const ROWS: readonly Row[] = [
  ["Q01", "a length and chunks", `${head("Content-Length: 5", "Transfer-Encoding: chunked")}0\r\n\r\n`],
  ["Q02", "two lengths", `${head("Content-Length: 5", "Content-Length: 4")}hello`],
  ["Q03", "a coding behind chunked", `${head("Transfer-Encoding: chunked, gzip")}0\r\n\r\n`],
  ["Q03", "chunked twice", `${head("Transfer-Encoding: chunked, chunked")}0\r\n\r\n`],
  ["Q04", "a bare CR in a value", `${head("X: a\rb", "Content-Length: 2")}ok`],
  ["Q04", "a bare LF in a value", `${head("X: a\nb", "Content-Length: 2")}ok`],
  ["Q04", "NUL in a value", `${head("X: a\0b", "Content-Length: 2")}ok`],
  ["Q05", "a folded field", `${head("X: a", " b", "Content-Length: 2")}ok`],
  ["Q06", "a blank before a colon", `${head("Content-Length : 2")}ok`],
  ["Q09", "the status 2000", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["Q09", "the status 20", "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["Q09", "the status abc", "HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok"],
  ["Q09", "HTTP/3.1", "HTTP/3.1 200 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["Q10", "a head of 1 MiB", head(...Array.from({ length: 128 }, (_, i) => `X-${i}: ${"a".repeat(8192)}`))],
  ["Q10", "ten thousand fields", head(...Array.from({ length: 10_000 }, () => "A: b"))],
  ["Q03", "a chunk size that is none", `${head("Transfer-Encoding: chunked")}zz\r\nok\r\n0\r\n\r\n`],
  ["I4", "a 101 that nobody asked for", "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nok"],
  ["Q09", "no HTTP at all", "220 smtp.example ESMTP\r\n"],
];

for (const engine of ENGINES) {
  describe(`broken endpoints, on ${engine}`, () => {
    const stage = useStage(engine, { cluster: "outlier: { consecutiveFailures: 0 }" });

    /** The first connection answers with `bytes`, later ones properly. */
    const brokenOnce =
      (...pieces: readonly string[]): Script =>
      async (wire, index) => {
        await wire.read();
        if (index > 0) wire.send(OK);
        else await wire.sendApart(...pieces);
      };

    for (const [id, what, bytes] of ROWS) {
      test(`${id}: ${what} becomes 502, and the next request takes another connection`, async () => {
        for (const pieces of [[bytes], [bytes.slice(0, 16), bytes.slice(16)]]) {
          stage.witness.clear();
          stage.witness.script = brokenOnce(...pieces);
          const client = await stage.ask(GET);
          const response = await client.response();
          assert.equal(status(response), 502);
          assert.match(response.body, /^RESPONSE_(INVALID|TOO_LARGE): /);
          client.send(GET);
          assert.equal((await client.response()).body, "ok");
          assert.equal(stage.witness.connections.length, 2);
          await stage.witness.connections[0].ended();
        }
      });
    }

    const CUT: readonly Row[] = [
      ["Q13", "a body shorter than its length", `${head("Content-Length: 10")}hello`],
      ["Q13", "a chunked body without its end", `${head("Transfer-Encoding: chunked")}5\r\nhello\r\n`],
      ["Q13", "a chunk cut short", `${head("Transfer-Encoding: chunked")}9\r\nhello`],
    ];
    for (const [id, what, bytes] of CUT) {
      for (const how of ["FIN", "RST"] as const) {
        test(`${id}: ${what} by ${how} is seen as cut short`, async () => {
          stage.witness.script = async (wire) => {
            await wire.read();
            wire.send(bytes);
            if (how === "FIN") wire.end();
            else {
              await client.until("the begin of the body", () => client.received.includes("hello"));
              wire.reset();
            }
          };
          const client = await stage.ask(GET);
          await client.until("the begin of the body", () => client.received.includes("hello"));
          await client.ended();
          await assert.rejects(client.read(), /ended within/);
          await stage.logged((line) => line.code === "RESPONSE_TRUNCATED");
        });
      }
    }

    test("a fault within a chunked body that has begun is seen as cut short", async () => {
      stage.witness.script = async (wire) => {
        await wire.read();
        wire.send(`${head("Transfer-Encoding: chunked")}5\r\nhello\r\n`);
        await client.until("the begin of the body", () => client.received.includes("hello"));
        wire.send("zz\r\n");
      };
      const client = await stage.ask(GET);
      await client.ended();
      await assert.rejects(client.read(), /ended within/);
    });

    const EXTRA: readonly Row[] = [
      ["Q07", "a body on HEAD", `${head("Content-Length: 5")}hello`],
      ["Q07", "a body on 204", "HTTP/1.1 204 No Content\r\n\r\nhello"],
      ["Q07", "a body on 304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello"],
      ["Q08", "bytes behind a complete response", `${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
      [
        "Q08",
        "bytes behind a complete chunked response",
        `${head("Transfer-Encoding: chunked")}2\r\nok\r\n0\r\n\r\nHTTP/1.1 2`,
      ],
    ];
    for (const [id, what, bytes] of EXTRA) {
      // In two pieces the head is joined, and what follows it comes from another buffer.
      for (const cut of [bytes.length, 10]) {
        test(`${id}: ${what} (cut at ${cut}) are ignored, and the connection is not used again`, async () => {
          stage.witness.script = brokenOnce(...[bytes.slice(0, cut), bytes.slice(cut)].filter((one) => one !== ""));
          const toHead = what.includes("HEAD");
          const client = await stage.ask((toHead ? GET.replace("GET", "HEAD") : GET) + GET);
          const first = await client.response({ toHead });
          assert.equal(status(first), Number(bytes.slice(9, 12)));
          assert.ok(!first.body.includes("hello"));
          const next = await client.response();
          assert.equal(next.body, "ok", "the pipelined request is answered by another connection");
          assert.equal(stage.witness.connections.length, 2);
        });
      }
    }

    test("Q08: bytes that come on an idle connection close it", async () => {
      stage.witness.script = async (wire) => {
        await wire.read();
        wire.send(OK);
        await client.until("the response", () => client.received.endsWith("ok"));
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
      };
      const client = await stage.ask(GET);
      assert.equal((await client.response()).body, "ok");
      await (await stage.witness.connection()).ended();
    });

    test("Q15: a body that ends with its connection is re-framed in chunks, and the client's connection lives", async () => {
      stage.witness.script = async (wire) => {
        await wire.read();
        await wire.sendApart(head("Content-Type: x"), "hello ", "world");
        wire.end();
      };
      const client = await stage.ask(GET);
      const response = await client.response();
      assert.equal(response.body, "hello world");
      assert.deepEqual(values(response, "transfer-encoding"), ["chunked"]);
      client.send(GET);
      assert.equal((await client.response()).body, "hello world");
    });

    test("Q15: cut off by RST, a body that ends with its connection does not look complete", async () => {
      stage.witness.script = async (wire) => {
        await wire.read();
        wire.send(`${head("Content-Type: x")}hello`);
        await client.until("the begin of the body", () => client.received.includes("hello"));
        wire.reset();
      };
      const client = await stage.ask(GET);
      await client.ended();
      await assert.rejects(client.read(), /ended within/);
    });

    /**
     * An HTTP/1.0 client sees only a reset as truncation, and a reset overtakes whatever is on its way: the complete answer before
     * the truncated one was lost to a client that had sent both requests and read slowly.
     */
    test("a response that is cut off takes no earlier answer of its connection with it", async () => {
      const large = "x".repeat(200_000);
      stage.witness.script = async (wire) => {
        for (;;) {
          const { startLine } = await wire.read();
          if (startLine.includes("/large")) wire.send(`${head(`Content-Length: ${large.length}`)}${large}`);
          else wire.end(`${head("Transfer-Encoding: chunked")}3\r\nabc\r\n`);
        }
      };
      const client = await stage.connect();
      client.socket.pause();
      client.send("GET /large HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /cut HTTP/1.0\r\n\r\n");
      await stage.logged(({ target, code }) => target === "/cut" && code === "RESPONSE_TRUNCATED");
      client.socket.resume();
      assert.equal((await client.response()).body, large);
      assert.equal(await client.ended(), "reset");
    });

    /** While it waited for its reset the client was only closed once it had sent too much: to HTTP/1.0 the response looked whole. */
    test("a response that is cut off ends in a reset although the client goes on sending", async () => {
      stage.witness.script = async (wire) => {
        await wire.read();
        wire.send(OK);
        await wire.until("a head", () => wire.received.includes("/cut"));
        wire.end(`${head("Transfer-Encoding: chunked")}3\r\nabc\r\n`);
      };
      const client = await stage.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      assert.equal((await client.response()).body, "ok");
      client.send("PUT /cut HTTP/1.0\r\nContent-Length: 9999999\r\n\r\n");
      await stage.logged(({ code }) => code === "RESPONSE_TRUNCATED");
      // One byte more than is listened to.
      client.send("x".repeat((1 << 20) + 1));
      assert.equal(await client.ended(), "reset");
    });

    test("Q18: fifty cookies stay fifty fields", async () => {
      const cookies = Array.from({ length: 50 }, (_, i) => `c${i}=${i}`);
      stage.witness.script = brokenOnce(
        `${head(...cookies.map((one) => `Set-Cookie: ${one}`), "Content-Length: 2")}ok`,
      );
      const client = await stage.ask(GET);
      assert.deepEqual(values(await client.response(), "set-cookie"), cookies);
    });
  });
}
