/** Checks of every kind against real servers, and what agents can ask for, as an operator configures them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { request, startHttp } from "./ops-support/http.js";
import { ENGINES, type RunningProxy, startProxy } from "./ops-support/proxy.js";
import { until } from "./ops-support/until.js";

const FAST = "interval: 50ms, fastInterval: 20ms, timeout: 2s, jitter: 0, rise: 2, fall: 2";
const engine = ENGINES[0];

const config = (endpoints: readonly string[], extra: string): string => `
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: [${endpoints.map((address) => `"${address}"`)}], ${extra} } }`;

/** A server of lines at a port of its own: an agent at `greets`, which speaks first and closes; else it answers what comes. */
async function startLines(t: TestContext, reply: (asked: string) => string, greets = "", at = 0): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    if (greets !== "") socket.end(reply(""));
    else socket.on("data", (asked) => socket.write(reply(asked.toString("latin1"))));
  });
  server.listen(at, greets === "" ? "127.0.0.1" : greets);
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** An HTTP server that answers with its host. Resolves with its address. */
async function startNamed(t: TestContext, host: string): Promise<string> {
  const server = http.createServer((_, response) => response.end(host)).listen(0, host);
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `${host}:${(server.address() as AddressInfo).port}`;
}

function became(proxy: RunningProxy, id: string, state: string): Promise<{ reason: string; weight: number }> {
  return until(`${id} is ${state}`, async () =>
    (await proxy.cluster("web")).endpoints.find((one) => one.id === id && one.state === state),
  );
}

describe(`checks on ${engine}`, () => {
  test("a server that speaks Redis's protocol is up while it answers PING with PONG", async (t) => {
    let loading = false;
    const redis = await startLines(t, (asked) => {
      if (asked !== "PING\r\n") return "-ERR unknown command\r\n";
      return loading ? "-LOADING Redis is loading the dataset in memory\r\n" : "+PONG\r\n";
    });
    const id = `127.0.0.1:${redis}`;
    const check = `{ tcp: { send: 'PING\\r\\n', expect: +PONG }, ${FAST.replace("2s", "500ms")} }`;
    const proxy = await startProxy(t, engine, config([id], `health: ${check}`));
    await became(proxy, id, "up");
    loading = true;
    assert.equal(
      (await became(proxy, id, "down")).reason,
      'timed out after 500 ms: the answer does not contain "+PONG"',
    );
    loading = false;
    assert.equal((await became(proxy, id, "up")).reason, "answered as expected");
  });

  test("of two checks the one at another port takes an endpoint out, and is named", async (t) => {
    const [a, b] = [await startHttp(t, "a"), await startHttp(t, "b")];
    const id = `127.0.0.1:${a.port}`;
    const deep = `{ name: deep, http: /health, address: "127.0.0.1:${b.port}", ${FAST} }`;
    const proxy = await startProxy(t, engine, config([id], `health: [{ tcp: true, ${FAST} }, ${deep}]`));
    await became(proxy, id, "up");
    b.status = 500;
    assert.equal((await became(proxy, id, "down")).reason, "deep: status 500, expected 200-399");
    const [endpoint] = (await proxy.cluster("web")).endpoints;
    assert.deepEqual(
      endpoint.checks.map(({ name, state }) => [name, state]),
      [
        ["tcp", "up"],
        ["deep", "down"],
      ],
    );
    const { fields } = await proxy.logged("endpoint_state", (record) => record.fields?.to === "down");
    assert.equal(fields?.by, "deep");
    const failed = await proxy.metric("plimsoll_cluster_checks_total", 'check="deep"', 'result="failed"');
    assert.ok(failed >= 2, `${failed} failed checks are counted`);
    assert.equal(await proxy.metric("plimsoll_cluster_checks_total", 'check="tcp"', 'result="failed"'), 0);
  });

  test("an agent sets its endpoint's share of the traffic, and drains it", async (t) => {
    const hosts = ["127.0.0.2", "127.0.0.3"];
    const words = ["up 100%", "up 50%"];
    const endpoints = await Promise.all(hosts.map((host) => startNamed(t, host)));
    // One port at both hosts: an agent is asked at its endpoint's.
    const agent = await startLines(t, () => `${words[0]}\n`, hosts[0]);
    await startLines(t, () => `${words[1]}\n`, hosts[1], agent);
    const proxy = await startProxy(t, engine, config(endpoints, `health: { agent: ${agent}, ${FAST} }`));
    const weights = async () => (await proxy.cluster("web")).endpoints.map(({ weight }) => weight);
    await until("the agents' shares are in force", async () => `${await weights()}` === "1,0.5");
    // The workers follow what the monitor says a moment later: they settle at exactly this share.
    const receives = (share: number) =>
      until(`${hosts[1]} receives ${share} of 30 requests`, async () => {
        const bodies: string[] = [];
        for (let i = 0; i < 30; i++) bodies.push((await request(proxy.port())).body);
        return bodies.filter((body) => body === hosts[1]).length === share;
      });
    await receives(10);
    words[1] = "drain";
    await became(proxy, endpoints[1], "draining");
    await receives(0);
    words[1] = "ready 100%";
    await became(proxy, endpoints[1], "up");
    await receives(15);
  });
});
