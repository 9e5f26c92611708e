/** A reload changes what it should, and nothing that is under way. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { describe, type TestContext, test } from "node:test";
import { type HttpEndpoint, Load, request, startHttp } from "./ops-support/http.js";
import { ENGINES, startProxy } from "./ops-support/proxy.js";
import { dial } from "./ops-support/tcp.js";
import { until } from "./ops-support/until.js";

interface Parts {
  readonly endpoints: readonly HttpEndpoint[];
  readonly route?: string;
  readonly cluster?: string;
  readonly listeners?: string;
  readonly drain?: string;
}

function config({ endpoints, route = "", cluster = "", listeners = "", drain = "5s" }: Parts): string {
  return `
listeners:
  - { name: front, address: "127.0.0.1:0", routes: [{ ${route === "" ? "cluster: web" : route} }] }
${listeners}
clusters:
  web: { endpoints: [${endpoints.map(({ port }) => `"127.0.0.1:${port}"`)}] ${cluster} }
drain: ${drain}`;
}

/** Answers with its head at once and with its body when told to. */
async function startSlow(t: TestContext): Promise<{ endpoint: HttpEndpoint; begun: Promise<unknown>; finish(): void }> {
  let pending: http.ServerResponse | undefined;
  const endpoint = await startHttp(t, "slow", (_, response) => {
    pending = response;
    response.write("first,");
  });
  return { endpoint, begun: once(endpoint.server, "request"), finish: () => pending!.end("last") };
}

for (const engine of ENGINES) {
  describe(`a reload on ${engine}`, () => {
    test("changes routes for the next request of a connection that is open", async (t) => {
      const endpoint = await startHttp(t, "a");
      const proxy = await startProxy(t, engine, config({ endpoints: [endpoint] }));
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      t.after(() => agent.destroy());
      assert.equal((await request(proxy.port(), { agent })).body, "a");
      const port = proxy.port();
      await proxy.reload(config({ endpoints: [endpoint], route: "respond: { status: 418, body: tea }" }));
      assert.equal(proxy.port(), port);
      assert.equal((await request(port, { agent })).status, 418);
      assert.equal(await proxy.metric("plimsoll_listener_connections_total", "front"), 1);
    });

    test("changes endpoints, and leaves a response from one that went alone", async (t) => {
      const { endpoint: slow, begun, finish } = await startSlow(t);
      const next = await startHttp(t, "b");
      const proxy = await startProxy(t, engine, config({ endpoints: [slow] }));
      const running = request(proxy.port());
      await begun;
      await proxy.reload(config({ endpoints: [next] }));
      assert.equal((await request(proxy.port())).body, "b");
      finish();
      assert.equal((await running).body, "first,last");
    });

    test("keeps the pool of a cluster that did not change", async (t) => {
      const [a, b] = [await startHttp(t, "a"), await startHttp(t, "b")];
      let opened = 0;
      a.server.on("connection", () => opened++);
      const proxy = await startProxy(t, engine, config({ endpoints: [a] }));
      await request(proxy.port());
      await proxy.reload(
        `${config({ endpoints: [a] })}\n`.replace(
          "clusters:",
          `clusters:\n  other: { endpoints: ["127.0.0.1:${b.port}"] }`,
        ),
      );
      await request(proxy.port());
      assert.equal(opened, 1);
    });

    test("keeps the connections to an endpoint that stays when everything else of its cluster changes", async (t) => {
      const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => startHttp(t, name)));
      const opened = { a: 0, b: 0, bClosed: 0 };
      a.server.on("connection", () => opened.a++);
      b.server.on("connection", (socket) => {
        opened.b++;
        socket.on("close", () => opened.bClosed++);
      });
      const proxy = await startProxy(t, engine, config({ endpoints: [a, b] }));
      for (let i = 0; i < 4; i++) await request(proxy.port());
      assert.deepEqual(opened, { a: 1, b: 1, bClosed: 0 });
      const weighted = config({ endpoints: [c, a], cluster: ", balance: least-request, pool: { maxIdle: 7 }" });
      await proxy.reload(weighted.replace(`"127.0.0.1:${a.port}"`, `{ address: "127.0.0.1:${a.port}", weight: 9 }`));
      for (let i = 0; i < 20; i++) await request(proxy.port());
      assert.ok(a.requests > 5, "the endpoint that stays is used");
      assert.equal(opened.a, 1);
      await until("the close of idle connections to what went", () => opened.bClosed === 1);
    });

    test("keeps a tunnel and a download that have begun when everything around them is replaced", async (t) => {
      const { endpoint: slow, begun, finish } = await startSlow(t);
      const echo = await startHttp(t, "echo");
      echo.server.on("upgrade", (_, socket) => {
        socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n");
        socket.pipe(socket);
      });
      const next = await startHttp(t, "b");
      const both = `listeners:
  - { name: front, address: "127.0.0.1:0", routes: [{ match: { path: /tunnel }, cluster: echo }, { cluster: web }] }
clusters:
  echo: { endpoints: ["127.0.0.1:${echo.port}"] }
  web: { endpoints: ["127.0.0.1:${slow.port}"] }
drain: 5s`;
      const proxy = await startProxy(t, engine, both);
      const tunnel = await dial(t, proxy.port());
      tunnel.socket.write("GET /tunnel HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n");
      await until("the tunnel", () => tunnel.text.includes("\r\n\r\n"));
      const running = request(proxy.port());
      await begun;
      await proxy.reload(config({ endpoints: [next] }));
      tunnel.socket.write("ping");
      await until("an echo", () => tunnel.text.endsWith("ping"));
      finish();
      assert.equal((await running).body, "first,last");
      assert.equal((await request(proxy.port(), { path: "/tunnel" })).body, "b");
    });

    test("opens, moves and closes listeners", async (t) => {
      const endpoint = await startHttp(t, "a");
      const extra = (address: string) => `  - { name: extra, address: "${address}", routes: [{ cluster: web }] }`;
      const proxy = await startProxy(t, engine, config({ endpoints: [endpoint] }));
      await proxy.reload(config({ endpoints: [endpoint], listeners: extra("127.0.0.1:0") }));
      const first = proxy.port("extra");
      assert.equal((await request(first)).body, "a");
      await proxy.reload(config({ endpoints: [endpoint], listeners: extra("127.0.0.2:0") }));
      await assert.rejects(request(first), { code: "ECONNREFUSED" });
      assert.equal((await request(proxy.port("extra"), { host: "127.0.0.2" })).body, "a");
      const second = proxy.port("extra");
      await proxy.reload(config({ endpoints: [endpoint] }));
      await assert.rejects(request(second, { host: "127.0.0.2" }), { code: "ECONNREFUSED" });
      assert.equal((await request(proxy.port())).body, "a");
    });

    test("gives an address to a listener of another name and kind without closing it", async (t) => {
      const endpoint = await startHttp(t, "a");
      const proxy = await startProxy(t, engine, config({ endpoints: [endpoint] }));
      const port = proxy.port();
      const renamed = `
listeners: [{ name: raw, address: "127.0.0.1:${port}", protocol: tcp, cluster: web }]
clusters: { web: { endpoints: ["127.0.0.1:${endpoint.port}"] } }
drain: 1s`;
      const load = new Load(port, 2);
      await until("some load", () => load.answered > 10);
      await proxy.reload(renamed);
      const before = load.answered;
      await until("some more", () => load.answered > before + 10);
      await load.stop();
      assert.deepEqual(load.failures, []);
      assert.equal(proxy.port("raw"), port);
    });

    test("ends the connections of a removed listener within the drain time", async (t) => {
      const { endpoint: slow, begun } = await startSlow(t);
      const extra = `  - { name: extra, address: "127.0.0.1:0", routes: [{ cluster: web }] }`;
      const proxy = await startProxy(t, engine, config({ endpoints: [slow], listeners: extra }));
      const idle = await dial(t, proxy.port("extra"));
      const busy = request(proxy.port("extra"));
      const cut = assert.rejects(busy, { code: "ECONNRESET" });
      await begun;
      const at = performance.now();
      await proxy.reload(config({ endpoints: [slow], drain: "300ms" }));
      assert.equal(await idle.ended(), "fin");
      await cut;
      const took = performance.now() - at;
      assert.ok(took >= 290 && took < 2000, `${took} ms`);
    });

    test("refuses an address in use, says which, and changes nothing", async (t) => {
      const [a, b] = [await startHttp(t, "a"), await startHttp(t, "b")];
      const taken = net.createServer().listen(0, "127.0.0.1");
      await once(taken, "listening");
      t.after(() => taken.close());
      const { port } = taken.address() as net.AddressInfo;
      const proxy = await startProxy(t, engine, config({ endpoints: [a] }));
      const before = (await proxy.page("/config")).text;
      const bad = config({
        endpoints: [b],
        listeners: `  - { name: x, address: "127.0.0.1:${port}", routes: [{ cluster: web }] }`,
      });
      await assert.rejects(proxy.reload(bad), (error: Error) => error.message.includes(`127.0.0.1:${port}`));
      assert.equal((await proxy.page("/config")).text, before);
      assert.equal((await request(proxy.port())).body, "a");
      assert.equal(await proxy.metric("plimsoll_config_reloads_total", "failed"), 1);
      await proxy.reload(config({ endpoints: [b] }));
      assert.equal((await request(proxy.port())).body, "b");
    });

    test("does not forget that an endpoint is down when it fails", async (t) => {
      const [a, b] = [await startHttp(t, "a"), await startHttp(t, "b")];
      const health = ", health: { http: /health, interval: 50ms, fastInterval: 20ms, jitter: 0 }";
      b.status = 500;
      const proxy = await startProxy(t, engine, config({ endpoints: [a, b], cluster: health }));
      await proxy.logged("endpoint_state", ({ fields }) => fields?.to === "down");
      const bad = config({ endpoints: [a], listeners: `  - { address: "192.0.2.1:1", routes: [{ cluster: web }] }` });
      await assert.rejects(proxy.reload(bad));
      for (let i = 0; i < 6; i++) assert.equal((await request(proxy.port())).body, "a");
    });
  });

  test(`20 reloads under load on ${engine} lose no request`, async (t) => {
    const endpoints = await Promise.all(["a", "b", "c"].map((name) => startHttp(t, name)));
    const proxy = await startProxy(t, engine, config({ endpoints }));
    const load = new Load(proxy.port(), 8);
    for (let i = 0; i < 20; i++) {
      // One endpoint at a time, so that each reload replaces the whole cluster.
      const next = i % 4 === 3 ? endpoints : [endpoints[i % 3]];
      const seen = load.answered;
      await proxy.reload(config({ endpoints: next, cluster: `, connect: { timeout: ${500 + i}ms }` }));
      await until("some load", () => load.answered >= seen + 16);
    }
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.equal(await proxy.metric("plimsoll_config_reloads_total", "ok"), 20);
  });
}
