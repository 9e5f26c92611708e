/** Requests and connections for which there is no room wait for it: in their order, not for ever, and not all of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request, startHttp } from "./ops-support/http.js";
import { cannotShare, startProxy } from "./ops-support/proxy.js";
import { dial, greet, startEndpoint } from "./ops-support/tcp.js";
import { until } from "./ops-support/until.js";
import { deferred } from "./support/deferred.js";
import { ENGINE } from "./support/engine.js";
import { status, values } from "./support/message.js";
import { type Stage, useStage } from "./support/stage.js";
import { OK, type Script } from "./support/witness.js";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const queued = (stage: Stage, count: number): Promise<unknown> =>
  until(`${count} wait`, async () => (await stage.metric("plimsoll_cluster_queued")) === count);

/** The first request is answered when `hold` says so, the others at once; `order` has all of them. */
function holding(order: string[], hold: Promise<void>): Script {
  return async (wire) => {
    for (;;) {
      const { startLine } = await wire.read();
      order.push(startLine.split(" ")[1]);
      if (order.length === 1) await hold;
      wire.send(OK);
    }
  };
}

const ROUTES = `
routes:
  - { match: { path: /high/* }, cluster: c, priority: high }
  - { match: { path: /low/* }, cluster: c, priority: low }
  - { match: { path: /brief }, cluster: c, timeouts: { total: 300ms } }
  - cluster: c`;
const ONE_AT_A_TIME = "endpoints: [{ address: 127.0.0.1:{p0}, maxConnections: 1 }]";

describe("a queue", () => {
  const stage = useStage(ENGINE, { listener: ROUTES, cluster: `${ONE_AT_A_TIME}\nqueue: { max: 3, timeout: 1m }` });

  test("is served by class, and within a class in order", async () => {
    const order: string[] = [];
    const hold = deferred();
    stage.witness.script = holding(order, hold.promise);
    const clients = [await stage.ask(get("/first"))];
    await stage.witness.connection();
    for (const [index, path] of ["/low/1", "/normal", "/high/1"].entries()) {
      clients.push(await stage.ask(get(path)));
      await queued(stage, index + 1);
    }
    hold.resolve();
    for (const client of clients) assert.equal((await client.response()).body, "ok");
    assert.deepEqual(order, ["/first", "/high/1", "/normal", "/low/1"]);
    const { queue_ms } = await stage.logged(({ target }) => target === "/low/1");
    assert.ok(Number(queue_ms) >= 0);
    const { queue_ms: none } = await stage.logged(({ target }) => target === "/first");
    assert.equal(none, null, "who did not wait has no time in the queue");
    assert.equal(await stage.metric("plimsoll_cluster_queue_seconds_count"), 3);
  });

  test("that is full refuses, unless one of a lower class can be driven out", async () => {
    const hold = deferred();
    stage.witness.script = holding([], hold.promise);
    const first = await stage.ask(get("/first"));
    await stage.witness.connection();
    const waiting = [];
    for (const [index, path] of ["/low/old", "/low/young", "/normal"].entries()) {
      waiting.push(await stage.ask(get(path)));
      await queued(stage, index + 1);
    }
    const refused = await (await stage.ask(get("/low/late"))).response();
    assert.equal(status(refused), 503);
    assert.match(refused.body, /^QUEUE_FULL/);
    assert.deepEqual(values(refused, "retry-after"), ["1"]);
    const high = await stage.ask(get("/high/late"));
    assert.match((await waiting[1].response()).body, /^QUEUE_FULL/, "the youngest of the lowest class has to go");
    hold.resolve();
    for (const client of [first, high, waiting[2], waiting[0]]) assert.equal((await client.response()).body, "ok");
    assert.equal(await stage.metric("plimsoll_cluster_queue_full_total"), 2);
  });

  test("forgets a client that breaks off", async () => {
    const order: string[] = [];
    const hold = deferred();
    stage.witness.script = holding(order, hold.promise);
    const first = await stage.ask(get("/first"));
    await stage.witness.connection();
    const client = await stage.ask(get("/gone"));
    await queued(stage, 1);
    client.reset();
    await queued(stage, 0);
    hold.resolve();
    assert.equal((await first.response()).body, "ok");
    assert.deepEqual(order, ["/first"]);
    assert.equal((await stage.logged(({ target }) => target === "/gone")).code, "CLIENT_CLOSED");
  });

  test("ends with the request's own time", async () => {
    const hold = deferred();
    stage.witness.script = holding([], hold.promise);
    const first = await stage.ask(get("/first"));
    await stage.witness.connection();
    const response = await (await stage.ask(get("/brief"))).response();
    assert.match(response.body, /^TOTAL_TIMEOUT/);
    await queued(stage, 0);
    hold.resolve();
    assert.equal((await first.response()).body, "ok");
  });

  test("keeps a request body until it is read", async () => {
    const hold = deferred();
    stage.witness.script = holding([], hold.promise);
    const first = await stage.ask(get("/first"));
    await stage.witness.connection();
    const client = await stage.ask("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab");
    await queued(stage, 1);
    client.send("cdef");
    hold.resolve();
    assert.equal((await first.response()).body, "ok");
    assert.equal((await client.response()).body, "ok");
    assert.ok(stage.witness.received.endsWith("abcdef"));
  });
});

describe("a queue with a short time", () => {
  const stage = useStage(ENGINE, { cluster: `${ONE_AT_A_TIME}\nqueue: { max: 3, timeout: 100ms }` });

  test("tells who waited in vain so", async () => {
    const hold = deferred();
    stage.witness.script = holding([], hold.promise);
    const first = await stage.ask(get("/first"));
    await stage.witness.connection();
    const late = await stage.ask(get("/late"));
    const response = await late.response();
    assert.equal(status(response), 503);
    assert.match(response.body, /^QUEUE_TIMEOUT/);
    const line = await stage.logged(({ target }) => target === "/late");
    assert.ok(Number(line.queue_ms) >= 100, `${line.queue_ms} ms in the queue`);
    assert.equal(line.reason, "every endpoint has as many requests as it may");
    assert.equal(await stage.metric("plimsoll_cluster_queue_timeouts_total"), 1);
    hold.resolve();
    assert.equal((await first.response()).body, "ok");
    late.send(get("/again"));
    assert.equal((await late.response()).body, "ok", "the connection lives on");
  });
});

test("a queue lets waiting TCP connections in when others end", async (t) => {
  const endpoint = await startEndpoint(t, greet("hello"));
  const proxy = await startProxy(
    t,
    ENGINE,
    `listeners: [{ name: front, address: "127.0.0.1:0", protocol: tcp, cluster: db }]
clusters:
  db:
    endpoints: [{ address: "127.0.0.1:${endpoint.port}", maxConnections: 1 }]
    queue: { max: 1, timeout: 1m }`,
  );
  const first = await dial(t, proxy.port());
  await first.received(5);
  const second = await dial(t, proxy.port());
  await until("one waits", async () => (await proxy.metric("plimsoll_cluster_queued")) === 1);
  const third = await dial(t, proxy.port());
  assert.equal(await third.ended(), "reset", "the queue is full");
  assert.equal(endpoint.accepted, 1);
  first.socket.resetAndDestroy();
  await second.received(5);
  assert.equal(await proxy.metric("plimsoll_cluster_queued"), 0);
});

test("two workers keep one limit of requests exactly, and a queue hides it", {
  skip: await cannotShare(ENGINE),
}, async (t) => {
  let open = 0;
  let most = 0;
  const endpoints = await Promise.all(
    ["a", "b"].map((name) =>
      startHttp(t, name, (_, response) => {
        most = Math.max(most, ++open);
        setTimeout(() => {
          open--;
          response.end(name);
        }, 5);
      }),
    ),
  );
  const ports = endpoints.map(({ port }) => `"127.0.0.1:${port}"`).join(", ");
  const proxy = await startProxy(
    t,
    ENGINE,
    `workers: 2
listeners: [{ name: front, address: "127.0.0.1:0", cluster: web }]
clusters: { web: { endpoints: [${ports}], limits: { requests: 3 }, queue: { max: 100, timeout: 1m } } }`,
  );
  const replies = await Promise.all(Array.from({ length: 60 }, () => request(proxy.port())));
  assert.ok(replies.every(({ status }) => status === 200));
  assert.equal(most, 3, "as many as the limit allows, and never more");
  assert.equal(await proxy.metric("plimsoll_cluster_queued"), 0);
});
