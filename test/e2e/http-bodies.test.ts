/** Bodies of every framing in both directions, whole and with backpressure. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { ENGINES } from "./ops-support/proxy.js";
import { until } from "./ops-support/until.js";
import { readMessage, status, values } from "./support/message.js";
import { useStage } from "./support/stage.js";
import type { Wire } from "./support/wire.js";
import { answering, OK, type Script } from "./support/witness.js";

const SIZE = 10 << 20;
const digest = (body: string | Buffer): string =>
  createHash("sha1")
    .update(typeof body === "string" ? Buffer.from(body, "latin1") : body)
    .digest("hex");

/** As chunks of every size up to 64 KiB. */
function inChunks(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0, size = 1; at < body.length; at += size, size = (size * 7 + 1) % 65_536 || 1) {
    const part = body.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

/** Receives without keeping: what 10 MB would cost as strings is not what is tested. */
function measure(wire: Wire): { hash: () => string; size: () => number } {
  const hash = createHash("sha1");
  let size = 0;
  let inBody = false;
  wire.socket.removeAllListeners("data");
  wire.socket.on("data", (chunk: Buffer) => {
    const start = inBody ? 0 : chunk.indexOf("\r\n\r\n") + 4;
    inBody = true;
    size += chunk.length - start;
    hash.update(chunk.subarray(start));
  });
  return { hash: () => hash.copy().digest("hex"), size: () => size };
}

for (const engine of ENGINES) {
  describe(`bodies on ${engine}`, () => {
    const stage = useStage(engine);

    test("10 MB with a length pass both ways unchanged", async () => {
      const up = randomBytes(SIZE);
      const down = randomBytes(SIZE);
      let received = "";
      stage.witness.script = async (wire) => {
        const body = measure(wire);
        await until("the request body", () => body.size() === SIZE, 20_000);
        received = body.hash();
        wire.send(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
        wire.send(down);
      };
      const client = await stage.connect();
      const answer = measure(client);
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`);
      client.send(up);
      await until("the response body", () => answer.size() === SIZE, 20_000);
      assert.equal(received, digest(up));
      assert.equal(answer.hash(), digest(down));
    });

    test("1 MB in chunks of many sizes pass both ways unchanged", async () => {
      const up = randomBytes(1 << 20);
      const down = randomBytes(1 << 20);
      stage.witness.script = async (wire) => {
        const { body } = await wire.read();
        assert.equal(digest(body), digest(up));
        wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        wire.send(inChunks(down));
      };
      const client = await stage.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      client.send(inChunks(up));
      assert.equal(digest((await client.response()).body), digest(down));
    });

    const unread: [what: string, upload: boolean][] = [
      ["an endpoint that does not read", true],
      ["a client that does not read", false],
    ];
    for (const [what, upload] of unread) {
      test(`${what} holds few buffers, and gets everything when it reads again`, async () => {
        const size = 32 << 20;
        let reader: Wire | undefined;
        let body: ReturnType<typeof measure> | undefined;
        const message = Buffer.alloc(size, "x");
        stage.witness.script = async (wire) => {
          if (upload) {
            wire.socket.pause();
            reader = wire;
            body = measure(wire);
          } else {
            await wire.read();
            wire.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
            wire.send(message);
          }
        };
        const client = await stage.connect();
        if (upload) {
          client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
          client.send(message);
        } else {
          client.socket.pause();
          reader = client;
          body = measure(client);
          client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        const direction = upload ? "plimsoll_endpoint_connections_open" : "plimsoll_endpoint_active";
        await until("the transfer", async () => (await stage.metric(direction)) > 0);
        const sender = upload ? client : await stage.witness.connection();
        let before = -1;
        // The sender is stopped when two looks see the same.
        await until("the sender to be stopped", async () => {
          const unsent = sender.socket.writableLength;
          const isStill = unsent === before && unsent > 0;
          before = unsent;
          await new Promise((resolve) => setTimeout(resolve, 150));
          return isStill;
        });
        const used = (await stage.metric("plimsoll_worker_buffers_used")) - stage.idleBuffers;
        // 256 KiB wait, besides what the kernel had handed over before it heard of the pause.
        assert.ok(used <= 200, `${used} buffers are in use`);
        assert.equal(stage.witness.connections.length, 1);
        reader!.socket.resume();
        await until("all of it", () => body!.size() === size, 20_000);
        if (upload) (await stage.witness.connection()).send(OK);
        assert.equal(body!.hash(), digest(message));
      });
    }

    test("trailers that may be forwarded are, in both directions", async () => {
      stage.witness.script = async (wire) => {
        await wire.read();
        wire.send(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 2\r\nContent-Length: 9\r\n\r\n",
        );
      };
      const client = await stage.ask(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n",
      );
      assert.deepEqual((await client.response()).trailers, ["X-Sum: 2"]);
      assert.deepEqual(readMessage(stage.witness.received)!.trailers, ["X-Sum: 1"]);
    });

    const BODILESS: [what: string, reply: string, method: string][] = [
      ["HEAD with a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD"],
      ["HEAD with chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD"],
      ["204", "HTTP/1.1 204 No Content\r\n\r\n", "GET"],
      ["304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET"],
    ];
    for (const [what, reply, method] of BODILESS) {
      test(`the answer to ${what} has no body, and both connections serve the next request`, async () => {
        stage.witness.script = answering(reply, OK);
        const client = await stage.ask(`${method} / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n`);
        assert.equal(status(await client.response({ toHead: true })), Number(reply.slice(9, 12)));
        assert.equal((await client.response()).body, "ok");
        assert.equal(stage.witness.connections.length, 1);
      });
    }

    const CONTINUED: [what: string, script: Script][] = [
      [
        "that says 100 first",
        async (wire) => {
          await wire.until("the head", () => wire.received.includes("\r\n\r\n"));
          wire.send("HTTP/1.1 100 Continue\r\n\r\n");
          await wire.read();
          wire.send(OK);
        },
      ],
      [
        "that waits for the body",
        async (wire) => {
          await wire.read();
          wire.send(OK);
        },
      ],
    ];
    for (const [what, script] of CONTINUED) {
      test(`L20: Expect: 100-continue reaches an endpoint ${what}`, async () => {
        stage.witness.script = script;
        const client = await stage.ask(
          "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
        );
        if (what.includes("100")) assert.equal(status(await client.read()), 100);
        else
          await (await stage.witness.connection()).until("the head", () => stage.witness.received.includes("\r\n\r\n"));
        client.send("ab");
        assert.equal((await client.response()).body, "ok");
        const message = readMessage(stage.witness.received)!;
        assert.deepEqual(values(message, "expect"), ["100-continue"]);
        assert.equal(message.body, "ab");
      });
    }

    const FINAL = [
      "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbig",
    ];
    for (const reply of FINAL) {
      test(`P07 L20: ${reply.slice(0, 12)} while the body still comes is delivered, and neither connection used again`, async () => {
        stage.witness.script = async (wire) => {
          await wire.until("the head", () => wire.received.includes("\r\n\r\n"));
          wire.send(reply);
        };
        const client = await stage.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nab");
        const response = await client.response();
        assert.equal(response.body, "big");
        assert.deepEqual(values(response, "connection"), ["close"]);
        client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.ended();
        await (await stage.witness.connection()).ended();
        assert.ok(!stage.witness.received.includes("smuggled"));
        assert.equal(stage.witness.connections.length, 1);
      });
    }

    test("an HTTP/1.0 client gets chunks as plain bytes, and the end of its connection", async () => {
      stage.witness.script = answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\nays\r\n0\r\n\r\n",
      );
      const client = await stage.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      await client.ended();
      const response = await client.response();
      assert.equal(response.body, "okays");
      assert.deepEqual(values(response, "transfer-encoding"), []);
      assert.deepEqual(values(response, "connection"), ["close"]);
    });

    test("an HTTP/1.0 client keeps its connection if it asks to, and loses it if not", async () => {
      const client = await stage.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      const first = await client.response();
      assert.deepEqual(values(first, "connection"), ["keep-alive"]);
      client.send("GET / HTTP/1.0\r\n\r\n");
      assert.equal((await client.response()).body, "ok");
      assert.equal(await client.ended(), "fin");
    });

    test("an HTTP/1.0 client gets no interim response", async () => {
      stage.witness.script = answering(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}`);
      const old = await stage.ask("GET / HTTP/1.0\r\n\r\n");
      assert.equal(status(await old.read()), 200);
      const client = await stage.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.equal(status(await client.read()), 103);
      assert.equal(status(await client.read()), 200);
    });
  });
}
