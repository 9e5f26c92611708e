import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { ENGINES, type RunningProxy, startProxy } from "../e2e/ops-support/proxy.js";

async function startEcho(t: TestContext): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
  server.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(server, "listening");
  t.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function startTunnel(t: TestContext, engine: (typeof ENGINES)[number]): Promise<RunningProxy> {
  const port = await startEcho(t);
  return startProxy(
    t,
    engine,
    `listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: ["127.0.0.1:${port}"] } }`,
  );
}

async function open(t: TestContext, proxy: RunningProxy): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port()}/chat`);
  t.after(() => socket.terminate());
  await once(socket, "open");
  return socket;
}

async function echo(socket: WebSocket, data: string | Buffer): Promise<void> {
  const answer = once(socket, "message");
  socket.send(data);
  const [message, isBinary] = (await answer) as [Buffer, boolean];
  assert.equal(isBinary, typeof data !== "string");
  assert.ok(Buffer.from(data).equals(message), `${data.length} bytes come back as they were`);
}

for (const engine of ENGINES) {
  describe(`WebSocket through ${engine}`, () => {
    test("carries messages of every frame length, compressed", async (t) => {
      const socket = await open(t, await startTunnel(t, engine));
      assert.match(socket.extensions, /permessage-deflate/);
      for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
        await echo(socket, Buffer.alloc(size, size % 251));
        await echo(socket, "ü".repeat(size >> 1));
      }
    });

    test("carries pings, and the close code of each side", async (t) => {
      const socket = await open(t, await startTunnel(t, engine));
      const pong = once(socket, "pong");
      socket.ping("are you there");
      assert.equal(String((await pong)[0]), "are you there");
      const closed = once(socket, "close");
      socket.close(4999, "enough");
      assert.deepEqual((await closed).map(String), ["4999", "enough"]);
    });

    test("keeps fifty tunnels apart", async (t) => {
      const proxy = await startTunnel(t, engine);
      const sockets = await Promise.all(Array.from({ length: 50 }, () => open(t, proxy)));
      await Promise.all(sockets.map((socket, index) => echo(socket, `tunnel ${index}`)));
    });
  });
}
