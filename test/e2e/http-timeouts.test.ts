/** Every timeout, configured small: who is told, and with which code. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ENGINES } from "./ops-support/proxy.js";
import { readMessage, status } from "./support/message.js";
import { useStage } from "./support/stage.js";
import { answering, OK } from "./support/witness.js";

const LISTENER = `
routes:
  - match: { path: /total }
    cluster: c
    timeouts: { total: 120ms }
  - match: { path: /try }
    cluster: c
    timeouts: { perTry: 120ms }
    retry: { attempts: 1, on: [timeout] }
  - cluster: c
    timeouts: { responseHeader: 200ms, idle: 120ms }
timeouts: { header: 120ms, bodyIdle: 120ms, minRate: 1KB/s, idle: 250ms }`;
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

for (const engine of ENGINES) {
  describe(`timeouts on ${engine}`, () => {
    const stage = useStage(engine, { listener: LISTENER, cluster: "outlier: { consecutiveFailures: 0 }" });

    test("a head that does not arrive in time is answered with 408", async () => {
      const client = await stage.ask("GET / HTTP/1.1\r\nHost:");
      const response = await client.response();
      assert.equal(status(response), 408);
      assert.match(response.body, /^HEADER_TIMEOUT/);
      assert.equal(await client.ended(), "fin");
    });

    test("a connection without a request ends silently after its idle time", async () => {
      const fresh = await stage.connect();
      const used = await stage.ask(get("/"));
      await used.response();
      for (const client of [fresh, used]) {
        assert.equal(await client.ended(), "fin");
        assert.equal(client.rest, "");
      }
    });

    test("a body that stops is answered with 408, and its upstream connection destroyed", async () => {
      const client = await stage.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
      const response = await client.response();
      assert.equal(status(response), 408);
      assert.match(response.body, /^BODY_TIMEOUT/);
      await client.ended();
      await (await stage.witness.connection()).ended();
    });

    test("a body below the least rate is answered with 408, although it moves", async () => {
      const client = await stage.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n");
      const dribble = setInterval(() => client.send("x"), 20);
      const response = await client.response();
      clearInterval(dribble);
      assert.match(response.body, /^BODY_TIMEOUT/);
    });

    test("a client that takes its time within its rates is not the endpoint's fault", async () => {
      const client = await stage.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n");
      // Longer than the endpoint may take for its header.
      for (let i = 0; i < 8; i++) {
        client.send("x".repeat(500));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.equal((await client.response()).body, "ok");
      assert.equal(readMessage(stage.witness.received)!.body.length, 4000);
    });

    test("an endpoint that does not answer is 504", async () => {
      stage.witness.script = () => {};
      const client = await stage.ask(get("/"));
      const response = await client.response();
      assert.equal(status(response), 504);
      assert.match(response.body, /^RESPONSE_TIMEOUT/);
      await (await stage.witness.connection()).ended();
    });

    test("a response that stops is cut short", async () => {
      stage.witness.script = answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
      const client = await stage.ask(get("/"));
      await client.until("its begin", () => client.received.endsWith("hello"));
      await client.ended();
      await assert.rejects(client.read(), /ended within/);
      await stage.logged((line) => line.code === "RESPONSE_TIMEOUT" && line.status === 200);
    });

    test("a try that takes too long is repeated, and 504 if that takes too long as well", async () => {
      stage.witness.script = async (wire, index) => {
        await wire.read();
        if (index === 1) wire.send(OK);
      };
      const client = await stage.ask(get("/try"));
      assert.equal((await client.response()).body, "ok");
      stage.witness.script = () => {};
      client.send(get("/try"));
      // The second connection idles in the pool, and does not answer any more.
      assert.equal(status(await client.response()), 504);
    });

    test("an exchange that takes longer than its route allows is 504, or cut short", async () => {
      stage.witness.script = () => {};
      const client = await stage.ask(get("/total"));
      const response = await client.response();
      assert.equal(status(response), 504);
      assert.match(response.body, /^TOTAL_TIMEOUT/);
      stage.witness.script = answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
      client.send(get("/total"));
      await client.ended();
      assert.ok(client.rest.endsWith("hello"));
    });

    test("a client that does not read its response is cut off", async () => {
      // Made beforehand: between head and body that may take longer than the endpoint may be silent.
      const body = Buffer.alloc(33_554_432, "x");
      stage.witness.script = async (wire) => {
        await wire.read();
        wire.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
        wire.send(body);
      };
      const client = await stage.connect();
      client.socket.pause();
      client.send(get("/unread"));
      const line = await stage.logged((one) => one.target === "/unread");
      assert.equal(line.code, "CLIENT_TOO_SLOW");
      client.socket.resume();
      await client.ended();
      await assert.rejects(client.read(), /ended within/);
    });
  });

  describe(`slow last readers on ${engine}`, () => {
    const stage = useStage(engine, { listener: "cluster: c\ntimeouts: { bodyIdle: 2s }" });

    test("a client that asked to close gets all of its answer, however slowly it reads", async () => {
      const size = 200_000;
      stage.witness.script = async (wire) => {
        await wire.read();
        wire.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
        wire.send(Buffer.alloc(size, "x"));
      };
      const client = await stage.connect();
      client.socket.pause();
      client.send("GET /close HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      await stage.logged((line) => line.target === "/close");
      client.socket.resume();
      assert.equal((await client.response()).body.length, size);
      assert.equal(await client.ended(), "fin");
    });
  });

  describe(`connect timeouts on ${engine}`, () => {
    const stage = useStage(engine, { endpoints: 0, unreachable: true, cluster: "connect: { timeout: 100ms }" });

    test("an endpoint that accepts nothing is 504, after every try", async () => {
      const client = await stage.ask(get("/"));
      const response = await client.response();
      assert.equal(status(response), 504);
      assert.match(response.body, /^CONNECT_TIMEOUT/);
      const line = await stage.logged((one) => one.code === "CONNECT_TIMEOUT");
      assert.equal(line.retries, 2);
      assert.ok(Number(line.connect_ms) >= 300, `${line.connect_ms} ms is the time of all tries`);
    });
  });
}
