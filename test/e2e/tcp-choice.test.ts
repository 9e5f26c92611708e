/** Which endpoint a TCP connection gets: when connecting fails, under limits, while draining, and by each policy. */
import assert from "node:assert/strict";
import net from "node:net";
import { describe, type TestContext, test } from "node:test";
import { ENGINES, type RunningProxy, startProxy } from "./ops-support/proxy.js";
import { deadPort, dial, type Endpoint, echo, greet, Line, silentPort, startEndpoint } from "./ops-support/tcp.js";
import { until } from "./ops-support/until.js";

function config(ports: readonly (number | string)[], cluster = ""): string {
  const endpoints = ports.map((port) => (typeof port === "string" ? port : `"127.0.0.1:${port}"`));
  return `
listeners: [{ name: front, address: "127.0.0.1:0", protocol: tcp, cluster: db }]
clusters: { db: { endpoints: [${endpoints}], ${cluster} } }
drain: 300ms`;
}

async function startNamed(t: TestContext, names: readonly string[]): Promise<Endpoint[]> {
  return Promise.all(names.map((name) => startEndpoint(t, greet(name))));
}

/** Opens `count` connections one after the other and returns who answered; they stay open. */
async function greetings(t: TestContext, proxy: RunningProxy, count: number): Promise<string> {
  let names = "";
  for (let i = 0; i < count; i++) {
    const client = await dial(t, proxy.port());
    await client.received(1);
    names += client.text;
  }
  return names;
}

function count(names: string, name: string): number {
  return names.split(name).length - 1;
}

for (const engine of ENGINES) {
  describe(`tcp on ${engine}`, () => {
    test("an endpoint that refuses is passed over, and what the client sent first goes to the next", async (t) => {
      const live = await startEndpoint(t, echo);
      const dead = deadPort();
      const proxy = await startProxy(t, engine, config([dead, live.port]));
      for (let i = 0; i < 2; i++) {
        const client = await dial(t, proxy.port());
        client.socket.end("early");
        assert.equal(await client.ended(), "fin");
        assert.equal(client.text, "early");
      }
      const failures = await proxy.metric("plimsoll_endpoint_connect_failures_total", `:${dead}`);
      assert.ok(failures > 0);
      assert.equal(await proxy.metric("plimsoll_cluster_retries_total"), failures);
    });

    test("an endpoint that does not answer in time is passed over", async (t) => {
      const [live] = await startNamed(t, ["a"]);
      const silent = await silentPort(t);
      const proxy = await startProxy(t, engine, config([silent, live.port], "connect: { timeout: 100ms }"));
      assert.equal(await greetings(t, proxy, 2), "aa");
      assert.ok((await proxy.metric("plimsoll_endpoint_connect_failures_total", `:${silent}`)) > 0);
    });

    test("a client is reset when every endpoint is dead, and the code tells why", async (t) => {
      const proxy = await startProxy(t, engine, config([deadPort(), deadPort()]));
      const client = await dial(t, proxy.port());
      assert.equal(await client.ended(), "reset");
      // Counted just after the reset.
      const errors = () => proxy.metric("plimsoll_listener_errors_total", "CONNECT_REFUSED");
      await until("its error is counted", async () => (await errors()) === 1);
      assert.equal(await proxy.metric("plimsoll_cluster_connect_failures_total"), 3);
    });

    test("a client that goes away while its endpoint is being connected leaves nothing behind", async (t) => {
      const silent = await silentPort(t);
      const proxy = await startProxy(t, engine, config([silent], "connect: { timeout: 300ms, attempts: 1 }"));
      const client = await dial(t, proxy.port());
      await until("a try", async () => (await proxy.metric("plimsoll_endpoint_active")) === 1);
      client.socket.resetAndDestroy();
      await until("its end", async () => (await proxy.metric("plimsoll_listener_connections_open")) === 0);
      assert.equal(await proxy.metric("plimsoll_endpoint_active"), 0);
      assert.equal(await proxy.metric("plimsoll_cluster_active"), 0);
    });

    test("an endpoint's limit is exact: who finds all full is reset, and there is room again after an end", async (t) => {
      const [a, b] = await startNamed(t, ["a", "b"]);
      const limited = [a, b].map(({ port }) => `{ address: "127.0.0.1:${port}", maxConnections: 2 }`);
      const proxy = await startProxy(t, engine, config(limited));
      const dials = await Promise.allSettled(Array.from({ length: 12 }, () => dial(t, proxy.port())));
      const clients = dials.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      // A reset may come before the client has noticed that it is connected.
      const early = dials.length - clients.length;
      await until("eight refusals", () => early + clients.filter(({ ending }) => ending === "reset").length === 8);
      await until("four connections", () => a.open + b.open === 4);
      assert.deepEqual([a.open, b.open], [2, 2]);
      assert.equal(await proxy.metric("plimsoll_listener_errors_total", "OVERLOADED"), 8);
      assert.equal(await proxy.metric("plimsoll_cluster_overloaded_total"), 8);
      const leaver = clients.find(({ text }) => text === "b")!;
      leaver.socket.resetAndDestroy();
      await until("room", async () => (await proxy.metric("plimsoll_endpoint_active")) === 3);
      assert.equal(await greetings(t, proxy, 1), "b");
    });

    test("weight 0 drains: connections stay, and no new ones come", async (t) => {
      const [a, b] = await startNamed(t, ["a", "b"]);
      const proxy = await startProxy(t, engine, config([a.port, b.port]));
      assert.equal([...(await greetings(t, proxy, 4))].sort().join(""), "aabb");
      await proxy.reload(config([`{ address: "127.0.0.1:${a.port}", weight: 0 }`, b.port]));
      assert.equal(await greetings(t, proxy, 4), "bbbb");
      assert.equal((await proxy.cluster("db")).endpoints[0].state, "draining");
      assert.equal(a.open, 2);
      const kept = a.lines[0];
      kept.socket.end("still here");
      await kept.received(0);
      assert.equal(a.accepted, 2);
    });

    test("round robin is exact", async (t) => {
      const endpoints = await startNamed(t, ["a", "b", "c"]);
      const proxy = await startProxy(t, engine, config(endpoints.map(({ port }) => port)));
      const names = await greetings(t, proxy, 9);
      assert.equal(names, names.slice(0, 3).repeat(3));
      assert.deepEqual([...names.slice(0, 3)].sort(), ["a", "b", "c"]);
    });

    test("round robin follows weights exactly, and spreads the heavier one", async (t) => {
      const [a, b] = await startNamed(t, ["a", "b"]);
      const proxy = await startProxy(t, engine, config([`{ address: "127.0.0.1:${a.port}", weight: 3 }`, b.port]));
      const names = await greetings(t, proxy, 8);
      assert.deepEqual([count(names, "a"), count(names, "b")], [6, 2]);
      assert.doesNotMatch(names, /bb|aaaa/);
    });

    for (const balance of ["least-connections", "least-request", "p2c"]) {
      test(`${balance} prefers the endpoint with fewer connections`, async (t) => {
        const [a, b] = await startNamed(t, ["a", "b"]);
        const only = config([a.port, `{ address: "127.0.0.1:${b.port}", weight: 0 }`], `balance: ${balance}`);
        const proxy = await startProxy(t, engine, only);
        assert.equal(await greetings(t, proxy, 6), "aaaaaa");
        await proxy.reload(config([a.port, b.port], `balance: ${balance}`));
        assert.equal(await greetings(t, proxy, 4), "bbbb");
      });
    }

    test("random uses every endpoint", async (t) => {
      const endpoints = await startNamed(t, ["a", "b"]);
      const ports = endpoints.map(({ port }) => port);
      const proxy = await startProxy(t, engine, config(ports, "balance: random"));
      // 40 equal choices among two fail once in 2^39 runs.
      const names = await greetings(t, proxy, 40);
      assert.ok(count(names, "a") > 0 && count(names, "b") > 0, names);
    });

    test("source-address gives a client one endpoint, and different clients different ones", async (t) => {
      const endpoints = await startNamed(t, ["a", "b", "c"]);
      const ports = endpoints.map(({ port }) => port);
      const proxy = await startProxy(t, engine, config(ports, "balance: source-address"));
      const seen = new Set<string>();
      for (let host = 1; host <= 24; host++) {
        const names = [];
        for (let i = 0; i < 2; i++) {
          const client = await dial(t, proxy.port(), { localAddress: `127.0.0.${host}` });
          await client.received(1);
          names.push(client.text);
        }
        assert.equal(names[0], names[1], `127.0.0.${host}`);
        seen.add(names[0]);
      }
      assert.deepEqual([...seen].sort(), ["a", "b", "c"]);
    });

    test("more clients than a worker may have are refused, and counted", async (t) => {
      const [a] = await startNamed(t, ["a"]);
      const proxy = await startProxy(t, engine, `${config([a.port])}\nlimits: { maxConnections: 2 }`);
      assert.equal(await greetings(t, proxy, 2), "aa");
      const refused = new Line(net.connect(proxy.port(), "127.0.0.1"));
      assert.equal(await refused.ended(), "reset");
      assert.equal(await proxy.metric("plimsoll_listener_connections_refused_total"), 1);
    });
  });
}
