import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, type TestContext, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { ENGINES, startProxy } from "../e2e/ops-support/proxy.js";
import { until } from "../e2e/ops-support/until.js";

const SIZES = [0, 1, 125, 126, 65_535, 65_536, 1_000_000];

for (const engine of ENGINES) {
  /** An endpoint that echoes messages as they came; `sockets` are its ends of the tunnels. */
  const start = async (t: TestContext) => {
    const http = createServer((_, response) => response.end("plain"));
    const server = new WebSocketServer({ server: http, perMessageDeflate: { threshold: 0 } });
    const sockets: WebSocket[] = [];
    server.on("connection", (socket) => {
      sockets.push(socket);
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
      socket.on("error", () => {});
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    t.after(() => {
      for (const socket of sockets) socket.terminate();
      http.closeAllConnections();
      http.close();
    });
    const { port } = http.address() as { port: number };
    const proxy = await startProxy(
      t,
      engine,
      `
listeners: [{ name: front, address: "127.0.0.1:0", cluster: back }]
clusters: { back: { endpoints: ["127.0.0.1:${port}"] } }
`,
    );
    const url = `ws://127.0.0.1:${proxy.port()}/chat`;
    const open = async (options = {}) => {
      const client = new WebSocket(url, { perMessageDeflate: false, ...options });
      t.after(() => client.terminate());
      await once(client, "open");
      return client;
    };
    return { proxy, sockets, open, url };
  };

  describe(`WebSocket through ${engine}`, () => {
    for (const perMessageDeflate of [false, { threshold: 0 }]) {
      const how = perMessageDeflate === false ? "as they are" : "compressed";
      test(`text and binary messages of every length class come back, sent ${how}`, async (t) => {
        const { open } = await start(t);
        const client = await open({ perMessageDeflate });
        assert.equal(client.extensions.includes("permessage-deflate"), perMessageDeflate !== false);
        for (const size of SIZES) {
          for (const sent of [randomBytes(size), "ü".repeat(size / 2)]) {
            client.send(sent);
            const [data, isBinary] = (await once(client, "message")) as [Buffer, boolean];
            assert.equal(isBinary, typeof sent !== "string");
            assert.ok(data.equals(Buffer.from(sent)), `${size} bytes`);
          }
        }
      });
    }

    test("fragments come back as one message, pings are answered, and the endpoint's too", async (t) => {
      const { open, sockets } = await start(t);
      const client = await open();
      const parts = [randomBytes(10), randomBytes(70_000), randomBytes(0), randomBytes(300)];
      parts.forEach((part, i) => {
        client.send(part, { fin: i === parts.length - 1, binary: true });
      });
      const [data] = (await once(client, "message")) as [Buffer];
      assert.ok(data.equals(Buffer.concat(parts)));
      client.ping("are you there");
      assert.equal(String((await once(client, "pong"))[0]), "are you there");
      sockets[0].ping("and you");
      assert.equal(String((await once(sockets[0], "pong"))[0]), "and you");
    });

    test("close codes and reasons reach the other side, whoever closes", async (t) => {
      const { open, sockets } = await start(t);
      const first = await open();
      const atEndpoint = once(sockets[0], "close");
      first.close(4321, "done here");
      const [code, reason] = await atEndpoint;
      assert.deepEqual([code, String(reason)], [4321, "done here"]);
      const second = await open();
      const atClient = once(second, "close");
      sockets[1].close(1001, "going away");
      const [clientCode, clientReason] = await atClient;
      assert.deepEqual([clientCode, String(clientReason)], [1001, "going away"]);
    });

    test("an abrupt end of either side ends the other", async (t) => {
      const { proxy, open, sockets } = await start(t);
      const first = await open();
      const atEndpoint = once(sockets[0], "close");
      first.terminate();
      assert.equal((await atEndpoint)[0], 1006);
      const second = await open();
      const atClient = once(second, "close");
      sockets[1].terminate();
      assert.equal((await atClient)[0], 1006);
      await until("no tunnel is active", async () => (await proxy.metric("plimsoll_listener_active")) === 0);
    });

    test("a hundred tunnels carry their own messages at once", async (t) => {
      const { proxy, open } = await start(t);
      const clients = await Promise.all(Array.from({ length: 100 }, () => open()));
      await Promise.all(
        clients.map(async (client) => {
          for (let i = 0; i < 5; i++) {
            const sent = randomBytes(5000);
            client.send(sent);
            const [data] = (await once(client, "message")) as [Buffer];
            assert.ok(data.equals(sent));
          }
        }),
      );
      assert.equal(await proxy.metric("plimsoll_listener_active"), 100);
    });

    test("an endpoint that does not switch answers as to any request", async (t) => {
      const { proxy } = await start(t);
      const response = await fetch(`http://127.0.0.1:${proxy.port()}/`);
      assert.equal(await response.text(), "plain");
    });
  });
}
