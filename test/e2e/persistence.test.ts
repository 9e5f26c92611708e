/** Session persistence: who was at an endpoint comes back to it, as long as it can be had, and nobody can choose it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { describe, test } from "node:test";
import { type Reply, request, startHttp } from "./ops-support/http.js";
import { startProxy } from "./ops-support/proxy.js";
import { until } from "./ops-support/until.js";

const SECRET = "0123456789abcdef0123456789abcdef";
const config = (ports: readonly number[], persistence: string, more = "") => `
listeners:
  - { name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }
clusters:
  web:
    endpoints: [${ports.map((port) => `"127.0.0.1:${port}"`).join(", ")}]
    persistence: ${persistence}
    outlier: { consecutiveFailures: 0 }
${more}`;
const cookie = (more = "") => `{ cookie: { name: node, secret: ${SECRET}${more} } }`;

/** The cookie of the response, as a browser sends it back. */
function cookieOf(reply: Reply): string | undefined {
  return reply.headers["set-cookie"]?.find((line) => line.startsWith("node="))?.split(";")[0];
}

describe("persistence by cookie", () => {
  const setUp = async (t: import("node:test").TestContext) => {
    const endpoints = await Promise.all(
      ["a", "b", "c"].map((name) =>
        startHttp(t, name, (_, response) => {
          response.setHeader("Set-Cookie", ["own=1; Path=/", "theirs=2"]);
          response.end(name);
        }),
      ),
    );
    const ports = endpoints.map(({ port }) => port);
    return { endpoints, ports, proxy: await startProxy(t, "epoll", config(ports, cookie())) };
  };

  test("the first response sets it beside the endpoint's own, and who sends it back stays", async (t) => {
    const { proxy } = await setUp(t);
    const bodies = new Set<string>();
    for (let client = 0; client < 6; client++) {
      const first = await request(proxy.port());
      assert.deepEqual(first.headers["set-cookie"]!.slice(0, 2), ["own=1; Path=/", "theirs=2"]);
      assert.match(first.headers["set-cookie"]![2], /^node=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax$/);
      bodies.add(first.body);
      for (let i = 0; i < 4; i++) {
        const next = await request(proxy.port(), { headers: { cookie: `x=y; ${cookieOf(first)}` } });
        assert.equal(next.body, first.body);
        assert.equal(cookieOf(next), undefined, "it is set only where it changes");
      }
    }
    assert.equal(bodies.size, 3, "new clients are balanced");
  });

  test("it outlives a reload that moves endpoints, and serves another process with the same secret", async (t) => {
    const { ports, proxy } = await setUp(t);
    const first = await request(proxy.port());
    const headers = { cookie: cookieOf(first)! };
    await proxy.reload(config([...ports].reverse(), cookie(", ttl: 1h")));
    for (let i = 0; i < 4; i++) assert.equal((await request(proxy.port(), { headers })).body, first.body);
    const other = await startProxy(t, "epoll", config([ports[2], ports[0], ports[1]], cookie()));
    for (let i = 0; i < 4; i++) assert.equal((await request(other.port(), { headers })).body, first.body);
    await proxy.reload(config(ports, cookie().replace(SECRET, "another-secret-of-32-characters.")));
    const spread = new Set<string>();
    for (let i = 0; i < 6; i++) spread.add((await request(proxy.port(), { headers })).body);
    assert.equal(spread.size, 3, "with another secret it means nothing");
  });

  test("a forged cookie is balanced and replaced", async (t) => {
    const { proxy } = await setUp(t);
    const value = cookieOf(await request(proxy.port()))!;
    const forged = [`${value.slice(0, -1)}${value.endsWith("0") ? "1" : "0"}`, "node=0", `node=${"f".repeat(64)}`];
    for (const one of forged) {
      const spread = new Set<string>();
      for (let i = 0; i < 3; i++) {
        const reply = await request(proxy.port(), { headers: { cookie: one } });
        assert.match(cookieOf(reply) ?? "", /^node=[0-9a-f]{64}$/);
        spread.add(reply.body);
      }
      assert.equal(spread.size, 3);
    }
  });

  test("when its endpoint is gone the client moves once and stays there", async (t) => {
    const { endpoints, proxy } = await setUp(t);
    const first = await request(proxy.port());
    await endpoints.find(({ body }) => body === first.body)!.close();
    const moved = await request(proxy.port(), { headers: { cookie: cookieOf(first)! } });
    assert.equal(moved.status, 200);
    assert.notEqual(moved.body, first.body);
    for (let i = 0; i < 4; i++) {
      const next = await request(proxy.port(), { headers: { cookie: cookieOf(moved)! } });
      assert.equal(next.body, moved.body);
    }
  });

  test("a WebSocket's 101 sets it too", async (t) => {
    const upgrading = net.createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
      });
    });
    upgrading.listen(0, "127.0.0.1");
    await once(upgrading, "listening");
    t.after(() => upgrading.close());
    const proxy = await startProxy(t, "epoll", config([(upgrading.address() as net.AddressInfo).port], cookie()));
    const socket = net.connect(proxy.port(), "127.0.0.1");
    t.after(() => socket.destroy());
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    const [head] = (await once(socket, "data")) as [Buffer];
    assert.match(head.toString(), /^HTTP\/1.1 101 .*set-cookie: node=[0-9a-f]{64};/s);
  });
});

describe("persistence by header", () => {
  test("the client that sends the header back stays", async (t) => {
    const endpoints = await Promise.all(["a", "b", "c"].map((name) => startHttp(t, name)));
    const ports = endpoints.map(({ port }) => port);
    const proxy = await startProxy(t, "epoll", config(ports, `{ header: { name: X-Node, secret: ${SECRET} } }`));
    const first = await request(proxy.port());
    const value = first.headers["x-node"] as string;
    assert.match(value, /^[0-9a-f]{64}$/);
    for (let i = 0; i < 5; i++) {
      const next = await request(proxy.port(), { headers: { "x-node": value } });
      assert.deepEqual([next.body, next.headers["x-node"]], [first.body, undefined]);
    }
  });
});

describe("persistence by address", () => {
  test("an address stays with its endpoint, in every worker, over a reload, and moves when it fails", async (t) => {
    const endpoints = await Promise.all(["a", "b", "c"].map((name) => startHttp(t, name)));
    const ports = endpoints.map(({ port }) => port);
    const yaml = (order: readonly number[]) => config(order, "{ source: { ttl: 1h, size: 100 } }", "workers: 2");
    const proxy = await startProxy(t, "epoll", yaml(ports));
    const from = async (localAddress: string): Promise<string> => {
      return (await request(proxy.port(), { localAddress })).body;
    };
    const first = new Map<string, string>();
    for (let i = 2; i < 8; i++) first.set(`127.0.0.${i}`, await from(`127.0.0.${i}`));
    assert.equal(new Set(first.values()).size, 3, "new addresses are balanced");
    // Each request is a connection of its own: both workers get some.
    const check = async () => {
      for (const [address, body] of first) for (let i = 0; i < 6; i++) assert.equal(await from(address), body, address);
    };
    await check();
    await proxy.reload(yaml([...ports].reverse()));
    await check();
    const [address, body] = [...first][0];
    await endpoints.find((endpoint) => endpoint.body === body)!.close();
    const moved = await from(address);
    assert.notEqual(moved, body);
    for (let i = 0; i < 6; i++) assert.equal(await from(address), moved);
  });

  test("TCP clients too", async (t) => {
    const servers = await Promise.all(
      ["a", "b", "c"].map(async (name) => {
        const server = net.createServer((socket) => {
          socket.on("error", () => {});
          socket.end(name);
        });
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        t.after(() => server.close());
        return (server.address() as net.AddressInfo).port;
      }),
    );
    const yaml = config(servers, "{ source: {} }").replace("routes: [{ cluster: web }]", "protocol: tcp, cluster: web");
    const proxy = await startProxy(t, "epoll", yaml);
    const ask = async (): Promise<string> => {
      const socket = net.connect(proxy.port(), "127.0.0.1");
      let text = "";
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      await once(socket, "close");
      return text;
    };
    const first = await until("an answer", ask);
    for (let i = 0; i < 6; i++) assert.equal(await ask(), first);
  });
});
