/**
 * A thread that is out of memory runs no clean-up, and what it opened by FFI is the process's: listening sockets that go on
 * taking clients in, clients that wait for ever. The supervisor closes them.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { request, startHttp } from "./ops-support/http.js";
import { ENGINES, startProxy } from "./ops-support/proxy.js";
import { dial } from "./ops-support/tcp.js";
import { until } from "./ops-support/until.js";

for (const engine of ENGINES) {
  test(`a worker on ${engine} that vanishes leaves no socket open, and is replaced at its address`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const endpoint = await startHttp(t, "a");
    const proxy = await startProxy(
      t,
      engine,
      `listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: ["127.0.0.1:${endpoint.port}"] } }
accessLog: "${join(folder, "access.log")}"`,
      { workerScript: new URL("./ops-support/crashing-worker.js", import.meta.url) },
    );
    const port = proxy.port();
    const answers = (): Promise<boolean> =>
      request(port).then(
        ({ body }) => body === "a",
        () => false,
      );
    assert.ok(await answers());
    const open = (): number => readdirSync("/proc/self/fd").length;
    const before = open();
    const idle = await dial(t, port);
    await request(port, { path: "/vanish" }).catch(() => {});
    await idle.ended();
    idle.socket.destroy();
    await until("its successor", answers);
    assert.equal(await proxy.metric("plimsoll_worker_restarts_total"), 1);
    // The successor may not have heard yet that the last request's client has gone.
    const none = async () => (await proxy.metric("plimsoll_listener_connections_open")) === 0;
    await until("nothing of the dead worker's is counted as open", none);
    await until("no descriptor more than before", () => open() <= before + 2);
  });

  test(`a reload while a worker on ${engine} is being replaced is what its successor follows`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [a, b] = [await startHttp(t, "a"), await startHttp(t, "b")];
    const config = (to: number): string => `
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: ["127.0.0.1:${to}"] } }
accessLog: "${join(folder, "access.log")}"`;
    const proxy = await startProxy(t, engine, config(a.port), {
      workerScript: new URL("./ops-support/crashing-worker.js", import.meta.url),
    });
    const port = proxy.port();
    await request(port, { path: "/vanish" }).catch(() => {});
    await proxy.logged("worker_crashed");
    await proxy.reload(config(b.port));
    const reply = await until("its successor", () => request(port).catch(() => undefined));
    assert.equal(reply.body, "b");
  });
}
