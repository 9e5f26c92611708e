import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { request, startHttp } from "./ops-support/http.js";
import { cannotShare, ENGINES, startProxy } from "./ops-support/proxy.js";
import { dial, startEndpoint } from "./ops-support/tcp.js";
import { until } from "./ops-support/until.js";

for (const engine of ENGINES) {
  const skip = await cannotShare(engine);
  describe(`several workers on ${engine}`, () => {
    test("share one round robin", { skip }, async (t) => {
      const endpoints = await Promise.all(["a", "b"].map((name) => startHttp(t, name)));
      const ports = endpoints.map(({ port }) => `"127.0.0.1:${port}"`).join(", ");
      const proxy = await startProxy(
        t,
        engine,
        `workers: 2
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: [${ports}] } }`,
      );
      for (let i = 0; i < 60; i++) assert.equal((await request(proxy.port())).status, 200);
      assert.deepEqual(
        endpoints.map((endpoint) => endpoint.requests),
        [30, 30],
        "each endpoint gets every second request, whichever worker takes it",
      );
    });
  });

  test(`several workers on ${engine} keep one exact limit`, { skip }, async (t) => {
    const endpoint = await startEndpoint(t);
    const proxy = await startProxy(
      t,
      engine,
      `workers: 2
listeners: [{ name: front, address: "127.0.0.1:0", protocol: tcp, cluster: db }]
clusters: { db: { endpoints: [{ address: "127.0.0.1:${endpoint.port}", maxConnections: 10 }] } }`,
    );
    const clients = await Promise.all(Array.from({ length: 40 }, () => dial(t, proxy.port())));
    await until("thirty refusals", () => clients.filter(({ ending }) => ending === "reset").length === 30);
    await until("ten connections", () => endpoint.open === 10);
    const taken = [0, 1].map((worker) =>
      proxy.metric("plimsoll_worker_connections_accepted_total", `worker="${worker}"`),
    );
    for (const count of await Promise.all(taken)) assert.ok(count > 0, "both workers accept");
  });

  test(`one worker runs where several on ${engine} cannot share a port, and the log says so`, async (t) => {
    if (skip === false) return t.skip("they can here");
    const endpoint = await startHttp(t, "a");
    const proxy = await startProxy(
      t,
      engine,
      `workers: 2
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: ["127.0.0.1:${endpoint.port}"] } }`,
    );
    await proxy.logged("one_worker");
    assert.equal((await request(proxy.port())).body, "a");
    assert.equal((await proxy.page("/ready")).status, 200);
  });

  describe(`a worker that dies on ${engine}`, () => {
    test("is replaced, says so, and leaves no request counted", async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
      t.after(() => rmSync(folder, { recursive: true }));
      const endpoint = await startHttp(t, "a");
      const proxy = await startProxy(
        t,
        engine,
        `listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: ["127.0.0.1:${endpoint.port}"] } }
accessLog: { target: "${join(folder, "access.log")}", format: json }`,
        { workerScript: new URL("./ops-support/crashing-worker.js", import.meta.url) },
      );
      assert.equal((await request(proxy.port())).body, "a");
      await request(proxy.port(), { path: "/crash" }).catch(() => {});
      const { fields } = await proxy.logged("worker_crashed");
      assert.match(String(fields?.cause), /crashed by a test/);
      // A port that the system picked is picked anew by the new worker.
      await until("an answer of the new worker", () =>
        request(proxy.port()).then(
          ({ body }) => body === "a",
          () => false,
        ),
      );
      assert.equal(await proxy.metric("plimsoll_endpoint_active"), 0);
      assert.equal(await proxy.metric("plimsoll_worker_restarts_total"), 1);
    });
  });
}
