/** Real traffic has endpoints ejected by what is compared once per interval, and by the kinds of failure in a row. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Load, request, startHttp } from "./ops-support/http.js";
import { ENGINES, type RunningProxy, startProxy } from "./ops-support/proxy.js";
import { deadPort } from "./ops-support/tcp.js";

const engine = ENGINES[0];

const config = (ports: readonly number[], outlier: string, workers = 1): string => `
workers: ${workers}
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web, retry: { attempts: 0 } }] }]
clusters: { web: { endpoints: [${ports.map((port) => `"127.0.0.1:${port}"`)}], outlier: { ${outlier} } } }`;

/** Who was ejected, by which detector. */
async function ejected(proxy: RunningProxy): Promise<{ endpoint: unknown; by: unknown; reason: string }> {
  const { fields } = await proxy.logged("endpoint_state", (record) => record.fields?.to === "ejected");
  return { endpoint: fields?.endpoint, by: fields?.by, reason: String(fields?.reason) };
}

const NEVER = "consecutiveFailures: 0, interval: 300ms";

describe(`outlier detection on ${engine}`, () => {
  test("an endpoint of which every second answer fails is ejected by its failure percentage", async (t) => {
    let count = 0;
    const [a, c] = [await startHttp(t, "a"), await startHttp(t, "c")];
    const b = await startHttp(t, "b", (_, response) => {
      response.statusCode = count++ % 2 === 0 ? 503 : 200;
      response.end("b");
    });
    const outlier = `${NEVER}, failurePercent: { threshold: 40%, minVolume: 10, minEndpoints: 1 }`;
    const proxy = await startProxy(t, engine, config([a.port, b.port, c.port], outlier, 2));
    const load = new Load(proxy.port(), 4);
    const { endpoint, by, reason } = await ejected(proxy).finally(() => load.stop());
    assert.deepEqual([endpoint, by], [`127.0.0.1:${b.port}`, "failure-percent"]);
    assert.match(reason, /^\d+(\.\d)? % of \d+ failed, the limit is 40 %/);
    assert.equal(await proxy.metric("plimsoll_cluster_ejections_total", "failure-percent", 'result="ejected"'), 1);
    const seen = await Promise.all(Array.from({ length: 10 }, () => request(proxy.port())));
    assert.ok(seen.every(({ body }) => body !== "b"));
  });

  test("an endpoint that fails more than its neighbours is ejected by its success rate", async (t) => {
    let count = 0;
    const others = await Promise.all(["a", "b", "c", "d"].map((name) => startHttp(t, name)));
    const bad = await startHttp(t, "e", (_, response) => {
      response.statusCode = count++ % 4 === 0 ? 500 : 200;
      response.end("e");
    });
    const ports = [...others, bad].map(({ port }) => port);
    const proxy = await startProxy(t, engine, config(ports, `${NEVER}, successRate: { minVolume: 20 }`));
    const load = new Load(proxy.port(), 4);
    const { endpoint, by } = await ejected(proxy).finally(() => load.stop());
    assert.deepEqual([endpoint, by], [`127.0.0.1:${bad.port}`, "success-rate"]);
  });

  test("an endpoint that is much slower than its neighbours is ejected by its response time", async (t) => {
    const [a, b] = [await startHttp(t, "a"), await startHttp(t, "b")];
    const slow = await startHttp(t, "c", (_, response) => void setTimeout(() => response.end("c"), 300));
    const outlier = `consecutiveFailures: 0, interval: 1s, latency: { factor: 5, min: 250ms, minVolume: 3 }`;
    const proxy = await startProxy(t, engine, config([a.port, b.port, slow.port], outlier));
    const load = new Load(proxy.port(), 12);
    const { endpoint, by } = await ejected(proxy).finally(() => load.stop());
    assert.deepEqual([endpoint, by], [`127.0.0.1:${slow.port}`, "latency"]);
  });

  test("answers of 500 in a row, and connects that fail in a row, each eject by their own limit", async (t) => {
    const a = await startHttp(t, "a");
    const b = await startHttp(t, "b");
    b.status = 500;
    const dead = deadPort();
    const outlier = `${NEVER}, consecutive5xx: 4, consecutiveLocal: 3, maxEjectionPercent: 100%`;
    const proxy = await startProxy(t, engine, config([a.port, b.port, dead], outlier));
    for (let i = 0; i < 12; i++) await request(proxy.port());
    const by = async (detector: string) =>
      (await proxy.logged("endpoint_state", ({ fields }) => fields?.to === "ejected" && fields.by === detector)).fields;
    assert.equal((await by("consecutive-5xx"))?.endpoint, `127.0.0.1:${b.port}`);
    assert.equal((await by("consecutive-local"))?.endpoint, `127.0.0.1:${dead}`);
    assert.equal((await request(proxy.port())).body, "a");
  });
});
