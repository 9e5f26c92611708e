/** Checks and real traffic decide who is used; a dead endpoint costs no request that may be repeated. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, type TestContext, test } from "node:test";
import { Load, request, startHttp } from "./ops-support/http.js";
import { ENGINES, type RunningProxy, startProxy } from "./ops-support/proxy.js";
import { until } from "./ops-support/until.js";

const FAST = "interval: 50ms, fastInterval: 20ms, timeout: 500ms, jitter: 0, rise: 2, fall: 2";

const config = (ports: readonly number[], extra: string): string => `
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: [${ports.map((port) => `"127.0.0.1:${port}"`)}], ${extra} } }`;

async function bodies(proxy: RunningProxy, count: number): Promise<string> {
  let seen = "";
  for (let i = 0; i < count; i++) seen += (await request(proxy.port())).body;
  return seen;
}

function became(proxy: RunningProxy, port: number, state: string): Promise<unknown> {
  return until(`127.0.0.1:${port} is ${state}`, async () =>
    (await proxy.cluster("web")).endpoints.some((one) => one.id.endsWith(`:${port}`) && one.state === state),
  );
}

/** An endpoint in a process of its own, to be killed. It answers after a while, so that most requests are with it. */
async function spawnEndpoint(t: TestContext): Promise<{ port: number; kill(): Promise<unknown> }> {
  const script = `const s = require("http").createServer((q, r) => setTimeout(() => r.end("x"), 20));
s.keepAliveTimeout = 30000; s.listen(0, "127.0.0.1", () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [data] = (await once(child.stdout, "data")) as [Buffer];
  const exited = once(child, "exit");
  return {
    port: Number(data.toString()),
    kill: () => {
      child.kill("SIGKILL");
      return exited;
    },
  };
}

for (const engine of ENGINES) {
  describe(`health on ${engine}`, () => {
    test("an HTTP check takes an endpoint out and back, and the metrics say so", async (t) => {
      const [a, b] = [await startHttp(t, "a"), await startHttp(t, "b")];
      const proxy = await startProxy(t, engine, config([a.port, b.port], `health: { http: /health, ${FAST} }`));
      await became(proxy, b.port, "up");
      b.status = 500;
      await became(proxy, b.port, "down");
      assert.equal(await bodies(proxy, 4), "aaaa");
      assert.equal(await proxy.metric("plimsoll_endpoint_state", `:${b.port}`, 'state="down"'), 1);
      b.status = 200;
      await became(proxy, b.port, "up");
      assert.match(await bodies(proxy, 4), /b/);
    });

    test("a TCP check takes an endpoint out that does not listen, and back", async (t) => {
      const [a, b] = [await startHttp(t, "a"), await startHttp(t, "b")];
      const { port } = b;
      const proxy = await startProxy(t, engine, config([a.port, port], `health: { tcp: true, ${FAST} }`));
      await became(proxy, port, "up");
      await b.close();
      await became(proxy, port, "down");
      assert.equal(await bodies(proxy, 4), "aaaa");
      await startHttp(t, "b", undefined, port);
      await became(proxy, port, "up");
      assert.match(await bodies(proxy, 4), /b/);
    });

    test("when all are bad all are used, and log and metrics tell", async (t) => {
      const [a, b] = [await startHttp(t, "a"), await startHttp(t, "b")];
      a.status = 404;
      b.status = 404;
      const proxy = await startProxy(t, engine, config([a.port, b.port], `health: { http: /health, ${FAST} }`));
      await proxy.logged("cluster_panic", ({ fields }) => fields?.panic === true);
      const seen = await bodies(proxy, 4);
      assert.deepEqual([...seen].sort().join(""), "aabb");
      assert.equal(await proxy.metric("plimsoll_cluster_panic_picks_total"), 4);
      a.status = 200;
      await proxy.logged("cluster_panic", ({ fields }) => fields?.panic === false);
      assert.equal(await bodies(proxy, 2), "aa");
    });

    test("an endpoint whose real answers fail is ejected, and comes back", async (t) => {
      const [a, b] = [await startHttp(t, "a"), await startHttp(t, "b")];
      b.status = 503;
      const outlier = "outlier: { consecutiveFailures: 3, ejection: 300ms }";
      const proxy = await startProxy(t, engine, config([a.port, b.port], outlier));
      await bodies(proxy, 6);
      await proxy.logged("endpoint_state", ({ fields }) => fields?.to === "ejected");
      b.status = 200;
      assert.equal(await bodies(proxy, 4), "aaaa");
      await proxy.logged("endpoint_state", ({ fields }) => fields?.from === "ejected");
      assert.match(await bodies(proxy, 4), /b/);
    });

    test("killing an endpoint's process under load loses no GET", async (t) => {
      const a = await startHttp(t, "a");
      const doomed = await spawnEndpoint(t);
      // All on new connections: what is lost needs places in the retry budget, many more than the default one has at once.
      const proxy = await startProxy(t, engine, config([a.port, doomed.port], "pool: { maxIdle: 0 }"));
      const load = new Load(proxy.port(), 40);
      await until("both answer", () => (load.byBody.get("x") ?? 0) > 50 && (load.byBody.get("a") ?? 0) > 50);
      await doomed.kill();
      const seen = load.answered;
      await until("the load goes on", () => load.answered > seen + 200);
      await load.stop();
      assert.deepEqual(load.failures, []);
      assert.ok((await proxy.metric("plimsoll_endpoint_failures_total", `:${doomed.port}`)) > 3);
      assert.equal(await proxy.metric("plimsoll_cluster_retries_denied_total"), 0);
    });
  });
}
