/** Endpoints that an operator changes while the proxy runs. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { EndpointView } from "../../src/observe/cluster-view.js";
import { type HttpEndpoint, Load, request, startHttp } from "./ops-support/http.js";
import { ENGINES, type RunningProxy, startProxy } from "./ops-support/proxy.js";
import { until } from "./ops-support/until.js";

const [ENGINE] = ENGINES;
const TOKEN = "0123456789abcdef";

const config = (endpoints: readonly HttpEndpoint[], more = "") => `
adminToken: ${TOKEN}
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: [${endpoints.map(({ port }, i) => `{ id: e${i}, address: "127.0.0.1:${port}" }`)}]${more} } }
drain: 1s`;

interface Reply {
  readonly status: number;
  readonly endpoint: EndpointView | undefined;
  readonly text: string;
}

function send(options: http.RequestOptions, body: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = http.request({ agent: false, ...options }, async (response) => {
      let text = "";
      for await (const piece of response.setEncoding("utf8")) text += piece;
      resolve({ status: response.statusCode!, endpoint: JSON.parse(text).endpoint, text });
    });
    outgoing.on("error", reject).end(body);
  });
}

/** Tells the proxy's admin server. */
function tell(proxy: RunningProxy, method: string, id: string, change?: object): Promise<Reply> {
  const [host, port] = proxy.supervisor.admin!.split(":");
  const headers = { "content-type": "application/json", authorization: `Bearer ${TOKEN}` };
  const path = `/clusters/web/endpoints/${id}`;
  return send({ host, port, method, path, headers }, change === undefined ? "" : JSON.stringify(change));
}

async function startThree(t: TestContext): Promise<HttpEndpoint[]> {
  return Promise.all(["a", "b", "c"].map((name) => startHttp(t, name)));
}

test("endpoints are added, reweighted, drained and removed under load, and no request fails", async (t) => {
  const [a, b, c] = await startThree(t);
  const proxy = await startProxy(t, ENGINE, config([a, b]));
  const load = new Load(proxy.port(), 8);
  /** Resolves once only these answer. */
  const only = async (...bodies: string[]): Promise<void> => {
    await until(`only ${bodies}`, async () => {
      load.byBody.clear();
      const seen = load.answered;
      await until("some load", () => load.answered >= seen + 24);
      return [...load.byBody.keys()].sort().join() === bodies.join();
    });
  };
  await only("a", "b");
  const added = await tell(proxy, "PUT", "extra", { address: `127.0.0.1:${c.port}`, weight: 3 });
  assert.equal(added.status, 200, added.text);
  assert.deepEqual([added.endpoint!.source, added.endpoint!.weight], ["admin", 3]);
  await only("a", "b", "c");

  const drained = await tell(proxy, "PUT", "e0", { drain: true });
  assert.deepEqual([drained.endpoint!.state, drained.endpoint!.reason], ["draining", "drained by an operator"]);
  await only("b", "c");
  assert.equal((await tell(proxy, "DELETE", "e1")).status, 200);
  await only("c");
  assert.equal((await tell(proxy, "PUT", "e0", { drain: false, maxConnections: 50 })).endpoint!.maxConnections, 50);
  await only("a", "c");
  assert.equal((await tell(proxy, "DELETE", "extra")).status, 200);
  assert.equal((await tell(proxy, "PUT", "e1", {})).endpoint!.source, "config");
  await only("a", "b");
  await load.stop();
  assert.deepEqual(load.failures, []);
});

test("what an operator changed survives reloads, until the file takes the endpoint away", async (t) => {
  const [a, b, c] = await startThree(t);
  const proxy = await startProxy(t, ENGINE, config([a, b]));
  await tell(proxy, "PUT", "e0", { drain: true });
  await tell(proxy, "PUT", "e1", { weight: 7 });
  await tell(proxy, "PUT", "extra", { address: `127.0.0.1:${c.port}` });
  await proxy.reload(config([a, b], ", balance: random"));
  const shown = async () =>
    (await proxy.cluster("web")).endpoints.map(({ id, weight, state, source }) => [id, weight, state, source].join());
  assert.deepEqual(await shown(), ["e0,1,draining,admin", "e1,7,unknown,admin", "extra,1,unknown,admin"]);
  await proxy.reload(config([a]));
  assert.deepEqual(await shown(), ["e0,1,draining,admin", "extra,1,unknown,admin"]);
  await proxy.reload(config([a, b]));
  assert.deepEqual(await shown(), ["e0,1,draining,admin", "e1,1,unknown,config", "extra,1,unknown,admin"]);
  await tell(proxy, "PUT", "e0", { drain: null });
  assert.equal((await shown())[0], "e0,1,unknown,config");
});

test("a change that cannot be is refused with a hint and changes nothing", async (t) => {
  const [a] = await startThree(t);
  const proxy = await startProxy(t, ENGINE, config([a]));
  const before = await proxy.page("/config");
  const rows: [string, string, object | undefined, number, RegExp][] = [
    ["PUT", "e0", { weight: 5000 }, 422, /the most is 1000/],
    ["PUT", "new", { weight: 1 }, 404, /to add one, give its address/],
    ["PUT", "a%20b", { address: ":1" }, 422, /not a name/],
    ["DELETE", "new", undefined, 404, /there is no endpoint new/],
  ];
  for (const [method, id, change, status, expected] of rows) {
    const reply = await tell(proxy, method, id, change);
    assert.equal(reply.status, status, reply.text);
    assert.match(reply.text, expected);
  }
  assert.equal((await proxy.page("/config")).text, before.text);
  assert.match((await proxy.page("/clusters/web/endpoints")).text, /"overlays": \[\]/);
  assert.equal((await request(proxy.port())).body, "a");
});

test("a unix socket takes changes without a token", async (t) => {
  const [a, b] = await startThree(t);
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-"));
  t.after(() => rm(folder, { recursive: true }));
  const socketPath = join(folder, "admin.sock");
  const text = config([a]).replace(`adminToken: ${TOKEN}`, "").trimStart();
  const proxy = await startProxy(t, ENGINE, text, {}, `unix:${socketPath}`);
  const headers = { "content-type": "application/json" };
  const change = JSON.stringify({ address: `127.0.0.1:${b.port}` });
  const moved = await send({ socketPath, method: "PUT", path: "/clusters/web/endpoints/e0", headers }, change);
  assert.equal(moved.status, 200, moved.text);
  assert.equal((await request(proxy.port())).body, "b");
});

test("a worker that takes a dead one's place knows what an operator changed", async (t) => {
  const [a, b] = await startThree(t);
  const text = `${config([a])}\naccessLog: { target: /dev/null }`;
  const workerScript = new URL("./ops-support/crashing-worker.js", import.meta.url);
  const proxy = await startProxy(t, ENGINE, text, { workerScript });
  await tell(proxy, "PUT", "e0", { address: `127.0.0.1:${b.port}` });
  assert.equal((await request(proxy.port())).body, "b");
  await assert.rejects(request(proxy.port(), { path: "/crash" }));
  await proxy.logged("worker_crashed");
  const body = await until(
    "an answer",
    () =>
      request(proxy.port()).then(
        ({ body }) => body,
        () => undefined,
      ),
    15_000,
  );
  assert.equal(body, "b");
});

test("with adminState what was changed outlives the process, until the file of endpoints says otherwise", async (t) => {
  const [a, b, c] = await startThree(t);
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-"));
  t.after(() => rm(folder, { recursive: true }));
  const state = `\nadminState: ${join(folder, "endpoints.json")}`;
  const first = await startProxy(t, ENGINE, config([a, b]) + state);
  assert.equal((await tell(first, "PUT", "e0", { weight: 7 })).status, 200);
  assert.equal((await tell(first, "PUT", "e1", { drain: true })).status, 200);
  assert.equal((await tell(first, "PUT", "extra", { address: `127.0.0.1:${c.port}` })).status, 200);
  await first.supervisor.close();
  const second = await startProxy(t, ENGINE, config([a, b]) + state);
  const e0 = (await tell(second, "GET", "e0")).endpoint!;
  assert.deepEqual([e0.weight, e0.source], [7, "admin"]);
  assert.equal((await tell(second, "GET", "e1")).endpoint!.state, "draining");
  assert.equal((await tell(second, "GET", "extra")).endpoint!.address, `127.0.0.1:${c.port}`);
  await second.supervisor.close();
  const third = await startProxy(t, ENGINE, config([b]) + state);
  assert.equal((await tell(third, "GET", "e1")).status, 404, "the configuration does not name it any more");
  const b0 = (await tell(third, "GET", "e0")).endpoint!;
  assert.deepEqual([b0.address, b0.weight], [`127.0.0.1:${b.port}`, 7]);
});

test("a change that cannot be kept is in force, and says so", async (t) => {
  const [a] = await startThree(t);
  const proxy = await startProxy(t, ENGINE, `${config([a])}\nadminState: /proc/plimsoll/endpoints.json`);
  const reply = await tell(proxy, "PUT", "e0", { weight: 7 });
  assert.equal(reply.status, 500);
  assert.match(reply.text, /NOT_KEPT/);
  assert.equal(proxy.log.filter(({ event }) => event === "admin_state_failed").length, 1, "it was tried once");
  assert.equal((await tell(proxy, "GET", "e0")).endpoint!.weight, 7);
});
