/** Endpoints that come from DNS, seen from outside: the command line with a resolver of our own. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { a, srv, startDnsServer, TYPE } from "../../src/discovery/io/dns-server.test.support.js";
import { runCli } from "./ops-support/cli.js";
import { Load, request, startHttp } from "./ops-support/http.js";
import { ENGINES, startProxy } from "./ops-support/proxy.js";
import { until, within } from "./ops-support/until.js";

const [ENGINE] = ENGINES;

test("the command line follows SRV records, and an outage of DNS takes nothing away", async (t) => {
  const [one, two] = await Promise.all(["one", "two"].map((name) => startHttp(t, name)));
  const name = "_http._tcp.web.internal";
  let services = [srv(name, 0, 1, one.port, "a.internal", 0)];
  let isOut = false;
  const dns = await startDnsServer(t, (asked) => {
    if (isOut) return { code: 2 };
    return { records: asked.type === TYPE.SRV ? services : [a(asked.name, "127.0.0.1", 0)] };
  });
  const { child, port, log } = await runCli(
    t,
    `listeners: [{ address: "127.0.0.1:0", cluster: web }]
clusters:
  web:
    discover: { dns: { name: ${name}, type: SRV, minTtl: 1s, resolvers: ["127.0.0.1:${dns.port}"] } }
workers: 1
engine: ${ENGINE}
drain: 1s`,
  );
  assert.equal((await request(port)).body, "one");
  services = [srv(name, 0, 1, two.port, "b.internal", 0)];
  await until("the change", () => log().includes("1 added, 1 removed"), 10_000);
  await until("the other endpoint", async () => (await request(port)).body === "two");
  isOut = true;
  await until("the outage", () => /"event":"discovery_failed".*SERVFAIL/.test(log()), 10_000);
  assert.equal((await request(port)).body, "two");
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  assert.deepEqual((await within("the end", exited, 10_000))[0], 0);
});

test("addresses that come and go under load lose no request", async (t) => {
  const endpoint = await startHttp(t, "a");
  endpoint.server.close();
  // One server on two addresses of loopback.
  endpoint.server.listen(0, "0.0.0.0");
  await once(endpoint.server, "listening");
  let hosts = ["127.0.0.1", "127.0.0.2"];
  const dns = await startDnsServer(t, (asked) => ({ records: hosts.map((host) => a(asked.name, host, 0)) }));
  const proxy = await startProxy(
    t,
    ENGINE,
    `listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters:
  web:
    discover: { dns: { name: web.internal, port: ${endpoint.port}, minTtl: 1s, resolvers: ["127.0.0.1:${dns.port}"] } }
drain: 1s`,
  );
  const load = new Load(proxy.port(), 8);
  for (const next of [["127.0.0.2"], ["127.0.0.1", "127.0.0.3"]]) {
    hosts = next;
    const wanted = next.map((host) => `${host}:${endpoint.port}`).join();
    await until(
      "the change",
      async () => {
        const { endpoints } = await proxy.cluster("web");
        return endpoints.map(({ id }) => id).join() === wanted && endpoints.every(({ source }) => source === "dns");
      },
      10_000,
    );
    const seen = load.answered;
    await until("some load", () => load.answered >= seen + 32);
  }
  await load.stop();
  assert.deepEqual(load.failures, []);
});
