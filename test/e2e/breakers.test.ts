/** What a cluster may have at once: more is refused with a reason, and each refusal is counted by the limit that made it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startProxy } from "./ops-support/proxy.js";
import { dial, greet, startEndpoint } from "./ops-support/tcp.js";
import { until } from "./ops-support/until.js";
import { deferred } from "./support/deferred.js";
import { ENGINE } from "./support/engine.js";
import { holdRetry } from "./support/held-retry.js";
import { status } from "./support/message.js";
import { type Stage, useStage } from "./support/stage.js";
import type { Wire } from "./support/wire.js";
import { OK, type Script } from "./support/witness.js";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const answeringWhen =
  (ready: Promise<void>): Script =>
  async (wire) => {
    for (;;) {
      await wire.read();
      await ready;
      wire.send(OK);
    }
  };

/** A request under way at each of two endpoints; none of them is answered before `hold`. */
async function occupy(stage: Stage, hold: Promise<void>): Promise<Wire[]> {
  for (const witness of stage.witnesses) witness.script = answeringWhen(hold);
  const clients = [await stage.ask(get("/0")), await stage.ask(get("/1"))];
  await until("both are under way", async () => (await stage.metric("plimsoll_cluster_active")) === 2);
  // A connection is made before its endpoint's process hears of it.
  await until("the endpoints have accepted them", () => stage.witnesses.flatMap((one) => one.connections).length === 2);
  return clients;
}

describe("limits.requests", () => {
  const stage = useStage(ENGINE, { endpoints: 2, cluster: "limits: { requests: 2 }" });

  test("bounds what is under way at all endpoints together", async () => {
    const hold = deferred();
    const clients = await occupy(stage, hold.promise);
    const refused = await (await stage.ask(get("/2"))).response();
    assert.equal(status(refused), 503);
    assert.match(refused.body, /^OVERLOADED/);
    const { reason } = await stage.logged(({ target }) => target === "/2");
    assert.equal(reason, "the cluster has as many requests as limits.requests allows");
    assert.equal(await stage.metric("plimsoll_cluster_limited_requests_total"), 1);
    hold.resolve();
    for (const client of clients) assert.equal((await client.response()).body, "ok");
    assert.equal((await (await stage.ask(get("/3"))).response()).body, "ok", "each place comes back");
  });
});

describe("an adaptive limit", () => {
  const stage = useStage(ENGINE, { cluster: "adaptive: { min: 2, max: 4, window: 10ms }" });

  test("refuses with its own reason, and is shown once it was found out", async () => {
    const hold = deferred();
    stage.witness.script = answeringWhen(hold.promise);
    const clients: Wire[] = [];
    for (let i = 0; i < 4; i++) clients.push(await stage.ask(get(`/${i}`)));
    await until("four are under way", async () => (await stage.metric("plimsoll_cluster_active")) === 4);
    assert.match((await (await stage.ask(get("/refused"))).response()).body, /^OVERLOADED/);
    const { reason } = await stage.logged(({ target }) => target === "/refused");
    assert.equal(reason, "the cluster has as many requests as it can answer without making them wait");
    assert.equal(await stage.metric("plimsoll_cluster_limited_adaptive_total"), 1);
    assert.equal(await stage.metric("plimsoll_cluster_adaptive_limit"), 0);
    hold.resolve();
    for (const client of clients) assert.equal((await client.response()).body, "ok");
    await until("the limit is found out", async () => {
      clients[0].send(get("/more"));
      assert.equal((await clients[0].response()).body, "ok");
      const limit = await stage.metric("plimsoll_cluster_adaptive_limit");
      return limit >= 2 && limit <= 4;
    });
  });
});

describe("limits.connections", () => {
  const stage = useStage(ENGINE, { endpoints: 2, cluster: "limits: { connections: 1 }\nretryBudget: { minimum: 9 }" });

  test("bounds the connections to all endpoints; an idle one makes way", async () => {
    for (let i = 0; i < 4; i++) {
      assert.equal((await (await stage.ask(get(`/idle${i}`))).response()).body, "ok");
      assert.equal(await stage.metric("plimsoll_endpoint_connections_open"), 1);
    }
    const hold = deferred();
    for (const witness of stage.witnesses) witness.script = answeringWhen(hold.promise);
    for (const witness of stage.witnesses) for (const wire of witness.connections) wire.destroy();
    await until("no connection", async () => (await stage.metric("plimsoll_endpoint_connections_open")) === 0);
    const first = await stage.ask(get("/first"));
    await until("it is under way", async () => (await stage.metric("plimsoll_cluster_active")) === 1);
    const refused = await (await stage.ask(get("/refused"))).response();
    assert.equal(status(refused), 503);
    assert.equal(
      (await stage.logged(({ target }) => target === "/refused")).reason,
      "the cluster has as many connections as limits.connections allows",
    );
    assert.equal(await stage.metric("plimsoll_cluster_limited_connections_total"), 1);
    hold.resolve();
    assert.equal((await first.response()).body, "ok");
  });
});

describe("limits.pending", () => {
  const stage = useStage(ENGINE, {
    unreachable: true,
    endpoints: 0,
    cluster: "limits: { pending: 1 }\nconnect: { timeout: 400ms }",
    listener: "routes: [{ cluster: c, retry: { attempts: 0 } }]",
  });

  test("bounds the connections that are being made", async () => {
    const first = await stage.ask(get("/first"));
    await until("it connects", async () => (await stage.metric("plimsoll_cluster_active")) === 1);
    assert.match((await (await stage.ask(get("/second"))).response()).body, /^OVERLOADED/);
    assert.equal(await stage.metric("plimsoll_cluster_limited_pending_total"), 1);
    assert.match((await first.response()).body, /^CONNECT_TIMEOUT/);
    assert.match((await (await stage.ask(get("/third"))).response()).body, /^CONNECT_TIMEOUT/, "the place came back");
  });
});

describe("limits.retries", () => {
  const stage = useStage(ENGINE, {
    endpoints: 2,
    cluster: "limits: { retries: 1 }\nretryBudget: { minimum: 9 }\noutlier: { consecutiveFailures: 0 }",
  });

  test("bounds the retries under way below what the budget allows", async () => {
    const { held, release } = holdRetry(stage.witnesses);
    const first = await stage.ask(get("/held"));
    await held;
    assert.equal(status(await (await stage.ask(get("/denied"))).response()), 502);
    assert.equal(await stage.metric("plimsoll_cluster_limited_retries_total"), 1);
    release();
    assert.equal((await first.response()).body, "ok");
  });
});

describe("limits.perEndpoint.connections", () => {
  const cluster = "limits: { perEndpoint: { connections: 1 } }\nretryBudget: { minimum: 9 }";
  const stage = useStage(ENGINE, { endpoints: 2, cluster });

  test("another endpoint is chosen where one has as many as it may, and the request refused where all have", async () => {
    const hold = deferred();
    const clients = await occupy(stage, hold.promise);
    assert.deepEqual(
      stage.witnesses.map(({ connections }) => connections.length),
      [1, 1],
    );
    assert.match((await (await stage.ask(get("/refused"))).response()).body, /^OVERLOADED/);
    assert.equal(
      (await stage.logged(({ target }) => target === "/refused")).reason,
      "every endpoint has as many connections as limits.perEndpoint.connections allows",
    );
    assert.equal(await stage.metric("plimsoll_cluster_limited_endpoint_connections_total"), 1);
    hold.resolve();
    for (const client of clients) assert.equal((await client.response()).body, "ok");
    for (let i = 0; i < 4; i++)
      assert.equal(
        (await (await stage.ask(get(`/idle${i}`))).response()).body,
        "ok",
        "who uses an idle one needs none",
      );
    assert.equal(await stage.metric("plimsoll_endpoint_connections_open"), 2);
  });
});

describe("limits.perEndpoint.pending", () => {
  const stage = useStage(ENGINE, {
    unreachable: true,
    endpoints: 1,
    cluster: "balance: first\nlimits: { perEndpoint: { pending: 1 } }\nconnect: { timeout: 400ms }",
    listener: "routes: [{ cluster: c, retry: { attempts: 0 } }]",
  });

  test("while one connection to an endpoint is being made the others are chosen", async () => {
    const waiting = await stage.ask(get("/waiting"));
    await until("it connects", async () => (await stage.proxy.cluster("c")).endpoints[0].pending === 1);
    for (let i = 0; i < 3; i++) assert.equal((await (await stage.ask(get(`/${i}`))).response()).body, "ok");
    assert.match((await waiting.response()).body, /^CONNECT_TIMEOUT/);
    assert.match((await (await stage.ask(get("/again"))).response()).body, /^CONNECT_TIMEOUT/, "the place came back");
  });
});

describe("limits.perEndpoint.retries", () => {
  const stage = useStage(ENGINE, {
    cluster:
      "limits: { perEndpoint: { retries: 1 } }\nretryBudget: { minimum: 9 }\noutlier: { consecutiveFailures: 0 }",
  });

  test("bounds the retries at each endpoint; where none may have another the failure is passed on", async () => {
    const { held, release } = holdRetry(stage.witnesses);
    const first = await stage.ask(get("/held"));
    await held;
    assert.equal((await stage.proxy.cluster("c")).endpoints[0].retries, 1);
    assert.equal(status(await (await stage.ask(get("/denied"))).response()), 502);
    assert.equal(await stage.metric("plimsoll_cluster_limited_endpoint_retries_total"), 1);
    assert.equal(await stage.metric("plimsoll_cluster_retries_denied_total"), 1);
    release();
    assert.equal((await first.response()).body, "ok");
  });
});

describe("limits.perEndpoint.requests", () => {
  const cluster = "limits: { perEndpoint: { requests: 1 } }";
  const stage = useStage(ENGINE, { endpoints: 2, cluster });

  test("is the maxConnections of every endpoint that has none", async () => {
    const hold = deferred();
    const clients = await occupy(stage, hold.promise);
    assert.match((await (await stage.ask(get("/refused"))).response()).body, /^OVERLOADED/);
    assert.equal(
      (await stage.logged(({ target }) => target === "/refused")).reason,
      "every endpoint has as many requests as it may",
    );
    hold.resolve();
    for (const client of clients) assert.equal((await client.response()).body, "ok");
  });
});

test("limits of a cluster hold for TCP connections too", async (t) => {
  const endpoint = await startEndpoint(t, greet("hello"));
  const proxy = await startProxy(
    t,
    ENGINE,
    `listeners: [{ name: front, address: "127.0.0.1:0", protocol: tcp, cluster: db }]
clusters: { db: { endpoints: ["127.0.0.1:${endpoint.port}"], limits: { connections: 1 } } }`,
  );
  const first = await dial(t, proxy.port());
  await first.received(5);
  assert.equal(await (await dial(t, proxy.port())).ended(), "reset");
  assert.equal(await proxy.metric("plimsoll_cluster_limited_connections_total"), 1);
  first.socket.resetAndDestroy();
  await until("the place is free", async () => (await proxy.metric("plimsoll_endpoint_connections_open")) === 0);
  await (await dial(t, proxy.port())).received(5);
});

test("limits of each endpoint hold for TCP connections too", async (t) => {
  const [a, b] = [await startEndpoint(t, greet("a")), await startEndpoint(t, greet("b"))];
  const proxy = await startProxy(
    t,
    ENGINE,
    `listeners: [{ name: front, address: "127.0.0.1:0", protocol: tcp, cluster: db }]
clusters: { db: { balance: first, endpoints: ["127.0.0.1:${a.port}", "127.0.0.1:${b.port}"], limits: { perEndpoint: { connections: 1 } } } }`,
  );
  const greeting = async () => {
    const client = await dial(t, proxy.port());
    await client.received(1);
    return client;
  };
  const clients = [await greeting(), await greeting()];
  assert.deepEqual(
    clients.map(({ text }) => text),
    ["a", "b"],
  );
  assert.equal(await (await dial(t, proxy.port())).ended(), "reset");
  assert.equal(await proxy.metric("plimsoll_cluster_limited_endpoint_connections_total"), 1);
  clients[0].socket.resetAndDestroy();
  await until("the place is free", async () => (await proxy.metric("plimsoll_endpoint_connections_open")) === 1);
  assert.equal((await greeting()).text, "a");
});

test("an idle HTTP connection is no room for a TCP connection to the same endpoint", async (t) => {
  const endpoint = await startEndpoint(t, ({ socket }) => socket.on("data", () => socket.write(OK)));
  const proxy = await startProxy(
    t,
    ENGINE,
    `listeners:
  - { name: web, address: "127.0.0.1:0", cluster: both }
  - { name: front, address: "127.0.0.1:0", protocol: tcp, cluster: both }
clusters: { both: { endpoints: ["127.0.0.1:${endpoint.port}"], limits: { perEndpoint: { connections: 1 } } } }`,
  );
  const client = await dial(t, proxy.port("web"));
  client.socket.write(get("/"));
  await client.received(OK.length);
  await until("its connection is idle", async () => (await proxy.metric("plimsoll_cluster_active")) === 0);
  assert.equal(await (await dial(t, proxy.port("front"))).ended(), "reset");
  assert.equal(await proxy.metric("plimsoll_cluster_limited_endpoint_connections_total"), 1);
});
