/** A tcp listener: bytes, ends and breaks of one side reach the other, and both are accounted for. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { ENGINES, type RunningProxy, startProxy } from "./ops-support/proxy.js";
import { dial, type Endpoint, echo, type Line, startEndpoint } from "./ops-support/tcp.js";
import { until } from "./ops-support/until.js";

const MEGABYTE = 1 << 20;

for (const engine of ENGINES) {
  describe(`tcp on ${engine}`, () => {
    async function start(
      t: TestContext,
      serve?: (line: Line) => void,
      extra = "",
      timeouts = "",
    ): Promise<{ proxy: RunningProxy; endpoint: Endpoint }> {
      const endpoint = await startEndpoint(t, serve);
      return { proxy: await startProxy(t, engine, config(endpoint, extra, timeouts)), endpoint };
    }

    function config({ port }: Endpoint, extra: string, timeouts: string): string {
      return `
listeners: [{ name: front, address: "127.0.0.1:0", protocol: tcp, cluster: db, timeouts: { ${timeouts} } }]
clusters: { db: { endpoints: ["127.0.0.1:${port}"] } }
drain: 500ms
${extra}`;
    }

    test("10 MB go through whole in both directions at once", async (t) => {
      const { proxy } = await start(t, echo);
      const client = await dial(t, proxy.port());
      const sent = createHash("sha256");
      for (let i = 0; i < 10; i++) {
        const block = randomBytes(MEGABYTE);
        sent.update(block);
        client.socket.write(block);
      }
      client.socket.end();
      assert.equal(await client.ended(10_000), "fin");
      assert.equal(client.size, 10 * MEGABYTE);
      assert.equal(client.digest(), sent.digest("hex"));
    });

    test("a client's FIN reaches the endpoint, which can still answer", async (t) => {
      const { proxy, endpoint } = await start(t);
      const client = await dial(t, proxy.port());
      client.socket.end("question");
      const served = await endpoint.line();
      assert.equal(await served.ended(), "fin");
      assert.equal(served.text, "question");
      served.socket.end("answer");
      assert.equal(await client.ended(), "fin");
      assert.equal(client.text, "answer");
    });

    test("an endpoint's FIN reaches the client, which can still send", async (t) => {
      const { proxy, endpoint } = await start(t, ({ socket }) => void socket.end("goodbye"));
      const client = await dial(t, proxy.port());
      assert.equal(await client.ended(), "fin");
      assert.equal(client.text, "goodbye");
      client.socket.end("one more thing");
      const served = await endpoint.line();
      assert.equal(await served.ended(), "fin");
      assert.equal(served.text, "one more thing");
    });

    test("a client's RST reaches the endpoint as RST", async (t) => {
      const { proxy, endpoint } = await start(t, echo);
      const client = await dial(t, proxy.port());
      client.socket.write("hello");
      await client.received(5);
      client.socket.resetAndDestroy();
      assert.equal(await (await endpoint.line()).ended(), "reset");
    });

    test("an endpoint's RST reaches the client as RST", async (t) => {
      const { proxy, endpoint } = await start(t, echo);
      const client = await dial(t, proxy.port());
      client.socket.write("hello");
      await client.received(5);
      (await endpoint.line()).socket.resetAndDestroy();
      assert.equal(await client.ended(), "reset");
    });

    test("a connection on which nothing moves is closed on both sides", async (t) => {
      const { proxy, endpoint } = await start(t, echo, "", "idle: 100ms");
      const client = await dial(t, proxy.port());
      client.socket.write("hello");
      await client.received(5);
      assert.equal(await client.ended(), "reset");
      assert.equal(await (await endpoint.line()).ended(), "reset");
      assert.equal(await proxy.metric("plimsoll_listener_errors_total", "IDLE_TIMEOUT"), 1);
    });

    test("a connection on which something moves outlives its idle timeout", async (t) => {
      const { proxy } = await start(t, echo, "", "idle: 200ms");
      const client = await dial(t, proxy.port());
      const enough = performance.now() + 500;
      for (let count = 1; performance.now() < enough; count++) {
        client.socket.write("x");
        await client.received(count);
      }
      assert.equal(client.ending, undefined);
    });

    test("a reload's idle timeout holds for connections that are open", async (t) => {
      const { proxy, endpoint } = await start(t, echo, "", "idle: 1h");
      const client = await dial(t, proxy.port());
      client.socket.write("hello");
      await client.received(5);
      await proxy.reload(config(endpoint, "", "idle: 100ms"));
      assert.equal(await client.ended(), "reset");
    });

    test("a reader that stops stops the writer, and memory stays bounded", async (t) => {
      const { proxy } = await start(t, ({ socket }) => {
        const block = Buffer.alloc(MEGABYTE);
        let left = 64;
        const feed = (): void => {
          while (left-- > 0) if (!socket.write(block)) return;
          socket.end();
        };
        socket.on("drain", feed);
        feed();
      });
      const client = await dial(t, proxy.port());
      client.socket.pause();
      client.socket.write("go");
      // What the proxy holds of one connection is the high-water mark and what the kernel had handed over by then.
      const held = (): Promise<number> => proxy.metric("plimsoll_worker_buffers_used");
      const received = (): Promise<number> => proxy.metric("plimsoll_endpoint_received_bytes_total");
      await until("something received", async () => (await received()) > 0);
      let before = -1;
      const settled = await until("the writer stops", async () => {
        const now = await received();
        const is = now === before;
        before = now;
        return is && now;
      });
      assert.ok(settled < 24 * MEGABYTE, `${settled} bytes were taken from the endpoint`);
      assert.ok((await held()) * 16_384 < 8 * MEGABYTE, `${await held()} buffers are held`);
      client.socket.resume();
      assert.equal(await client.ended(), "fin");
      assert.equal(client.size, 64 * MEGABYTE);
    });

    test("figures and access log tell what went where and for how long", async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
      t.after(() => rmSync(folder, { recursive: true }));
      const file = join(folder, "access.log");
      const { proxy, endpoint } = await start(
        t,
        ({ socket }) => void socket.once("data", () => socket.end("12345")),
        `accessLog: ${file}`,
      );
      const client = await dial(t, proxy.port());
      const { localPort } = client.socket;
      client.socket.write("123");
      assert.equal(await client.ended(), "fin");
      client.socket.end();
      const line = JSON.parse(await until("a line in the access log", () => readFileSync(file, "utf8") || undefined));
      const id = `127.0.0.1:${endpoint.port}`;
      const { listener, client: peer, cluster, endpoint: to, bytes_in: bytesIn, bytes_out: bytesOut } = line;
      const { termination, tries } = line;
      assert.deepEqual(
        { listener, peer, cluster, to, bytesIn, bytesOut, termination, tries },
        {
          listener: "front",
          peer: `127.0.0.1:${localPort}`,
          cluster: "db",
          to: id,
          bytesIn: 3,
          bytesOut: 5,
          termination: "ok",
          tries: [{ endpoint: id, outcome: "ok" }],
        },
        JSON.stringify(line),
      );
      assert.equal(await proxy.metric("plimsoll_listener_connections_total", "front"), 1);
      assert.equal(await proxy.metric("plimsoll_listener_connections_open", "front"), 0);
      assert.equal(await proxy.metric("plimsoll_listener_received_bytes_total", "front"), 3);
      assert.equal(await proxy.metric("plimsoll_endpoint_received_bytes_total", id), 5);
      assert.equal(await proxy.metric("plimsoll_endpoint_sent_bytes_total", id), 3);
      assert.equal(await proxy.metric("plimsoll_endpoint_requests_total", id), 1);
      assert.equal(await proxy.metric("plimsoll_endpoint_connections_open", id), 0);
      assert.equal(await proxy.metric("plimsoll_listener_connection_duration_seconds_count", "front"), 1);
    });
  });
}
