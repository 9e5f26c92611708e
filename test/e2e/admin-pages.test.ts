/** The pages of a running proxy. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { request, startHttp } from "./ops-support/http.js";
import { ENGINES, startProxy } from "./ops-support/proxy.js";

const NO_PROMTOOL = spawnSync("promtool", ["--version"]).error === undefined ? false : "promtool is not installed";

for (const engine of ENGINES) {
  test(`pages of a proxy on ${engine} show that it is ready, its configuration and its clusters`, async (t) => {
    const endpoint = await startHttp(t, "a");
    const id = `127.0.0.1:${endpoint.port}`;
    const proxy = await startProxy(
      t,
      engine,
      `listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: [{ address: "${id}", weight: 3, maxConnections: 7 }] } }`,
    );
    for (let i = 0; i < 3; i++) await request(proxy.port());
    assert.equal((await proxy.page("/live")).status, 200);
    assert.deepEqual(JSON.parse((await proxy.page("/ready")).text), { ready: true, reasons: [] });
    const config = JSON.parse((await proxy.page("/config")).text);
    assert.equal(config.engine, engine);
    assert.equal(config.listeners[0].address.port, proxy.port());
    const [shown] = (await proxy.cluster("web")).endpoints;
    const { weight, maxConnections, state, active, requests, failures } = shown;
    assert.deepEqual(
      { id: shown.id, weight, maxConnections, state, active, requests, failures },
      { id, weight: 3, maxConnections: 7, state: "unknown", active: 0, requests: 3, failures: 0 },
    );
    assert.ok(shown.bytesIn > 0 && shown.bytesOut > 0, "bytes from and to the endpoint are counted");
    assert.ok(shown.latencyMs !== undefined && shown.latencyMs.p50 > 0);
  });

  test(`promtool finds no fault with the metrics of a proxy on ${engine}`, { skip: NO_PROMTOOL }, async (t) => {
    const endpoint = await startHttp(t, "a");
    const proxy = await startProxy(
      t,
      engine,
      `listeners:
  - { name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }
  - { name: raw, address: "127.0.0.1:0", protocol: tcp, cluster: web }
clusters: { web: { endpoints: ["127.0.0.1:${endpoint.port}"] } }`,
    );
    await request(proxy.port());
    await request(proxy.port("raw"));
    const { text } = await proxy.page("/metrics");
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  });
}
