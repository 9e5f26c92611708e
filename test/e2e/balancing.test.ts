/** Which endpoint an HTTP request gets: by latency, by key, packed, and what comes before any policy. */
import assert from "node:assert/strict";
import type http from "node:http";
import { describe, type TestContext, test } from "node:test";
import { type Handler, type HttpEndpoint, request, startHttp } from "./ops-support/http.js";
import { type RunningProxy, startProxy } from "./ops-support/proxy.js";
import { until } from "./ops-support/until.js";
import { ENGINE } from "./support/engine.js";

/** @param keys by position, such as `zone: a` */
function config(endpoints: readonly HttpEndpoint[], cluster: string, keys: readonly string[] = []): string {
  const list = endpoints.map(({ port }, i) => `{ address: "127.0.0.1:${port}", ${keys[i] ?? ""} }`);
  return `
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters:
  web: { endpoints: [${list}], ${cluster} }
drain: 300ms`;
}

/** Endpoints that answer with their letter. */
function startAll(t: TestContext, letters: string): Promise<HttpEndpoint[]> {
  return Promise.all([...letters].map((letter) => startHttp(t, letter)));
}

/** Who answered each of `count` requests, one after the other. */
async function answers(proxy: RunningProxy, count: number, headers: http.OutgoingHttpHeaders = {}): Promise<string> {
  let letters = "";
  for (let i = 0; i < count; i++) letters += (await request(proxy.port(), { headers })).body;
  return letters;
}

const countOf = (letters: string, letter: string): number => letters.split(letter).length - 1;

describe("policies that weigh latency", () => {
  for (const policy of ["peak-ewma", "least-time", "prequal"]) {
    test(`${policy} leaves the endpoint that is slow`, async (t) => {
      const slow = await startHttp(t, "s", (_, response) => void setTimeout(() => response.end("s"), 400));
      const proxy = await startProxy(t, ENGINE, config([slow, ...(await startAll(t, "ab"))], `balance: ${policy}`));
      const first = await answers(proxy, 10);
      const later = await answers(proxy, 40);
      assert.ok(countOf(first + later, "s") <= 3, `${first} ${later}`);
    });

    test(`${policy} is not drawn to the endpoint that fails at once`, async (t) => {
      const work: Handler = (_, response) => void setTimeout(() => response.end("o"), 5);
      const failing = await startHttp(t, "f");
      failing.status = 503;
      const good = await Promise.all([startHttp(t, "o", work), startHttp(t, "o", work)]);
      const cluster = `balance: ${policy}, outlier: { consecutiveFailures: 0 }`;
      const proxy = await startProxy(t, ENGINE, config([failing, ...good], cluster));
      const letters = await answers(proxy, 50);
      assert.ok(countOf(letters, "f") <= 3, letters);
    });
  }
});

describe("policies that hash", () => {
  for (const policy of ["ring-hash", "maglev", "rendezvous"]) {
    test(`${policy} keeps each user at one endpoint, also when another endpoint goes`, async (t) => {
      const all = await startAll(t, "abcd");
      const balance = `balance: { policy: ${policy}, hashOn: { header: X-User } }`;
      const proxy = await startProxy(t, ENGINE, config(all, balance));
      const homes = new Map<string, string>();
      for (let user = 0; user < 16; user++) {
        const letters = await answers(proxy, 3, { "X-User": `u${user}` });
        assert.match(letters, /^(.)\1\1$/, "one endpoint a user");
        homes.set(`u${user}`, letters[0]);
      }
      assert.ok(new Set(homes.values()).size > 1, "users are spread");
      const gone = homes.get("u0")!;
      const left = all.filter(({ body }) => body !== gone);
      await proxy.reload(config(left, balance));
      for (const [user, home] of homes) {
        const letter = await answers(proxy, 1, { "X-User": user });
        // Maglev may move a few more: with 16 users hardly one.
        if (home === gone) assert.notEqual(letter, gone);
        else if (policy !== "maglev") assert.equal(letter, home, user);
      }
    });

    test(`${policy} with bounded load shares one popular key out when it gets too much`, async (t) => {
      const held: http.ServerResponse[] = [];
      const hold = (letter: string) => startHttp(t, letter, (_, response) => void held.push(response));
      const all = await Promise.all(["a", "b", "c"].map(hold));
      const balance = `balance: { policy: ${policy}, hashOn: path, boundedLoad: 1.25 }`;
      const proxy = await startProxy(t, ENGINE, config(all, balance));
      const replies: Promise<unknown>[] = [];
      for (let i = 1; i <= 12; i++) {
        replies.push(request(proxy.port(), { path: "/popular" }));
        await until(`request ${i} arrives`, async () => held.length === i);
      }
      // 12 in all: 4 is an even share, and 1.25 times that is the bound.
      assert.ok(Math.max(...all.map(({ requests }) => requests)) <= 5, `${all.map(({ requests }) => requests)}`);
      for (const response of held) response.end();
      await Promise.all(replies);
    });
  }
});

test("first packs requests onto the first endpoint until it is full", async (t) => {
  const held: http.ServerResponse[] = [];
  const a = await startHttp(t, "a", (_, response) => void held.push(response));
  const proxy = await startProxy(
    t,
    ENGINE,
    config([a, ...(await startAll(t, "b"))], "balance: first", ["maxConnections: 2"]),
  );
  const replies = [request(proxy.port()), request(proxy.port())];
  await until("a is full", async () => held.length === 2);
  assert.equal(await answers(proxy, 3), "bbb");
  for (const response of held) response.end("a");
  assert.deepEqual(
    (await Promise.all(replies)).map(({ body }) => body),
    ["a", "a"],
  );
});

describe("before any policy", () => {
  test("the second priority takes over when the first is unhealthy, and hands back", async (t) => {
    const [a, b] = await startAll(t, "ab");
    const health = "health: { http: /health, interval: 50ms, fastInterval: 50ms, rise: 1, fall: 1, jitter: 0 }";
    const proxy = await startProxy(t, ENGINE, config([a, b], health, ["priority: 0", "priority: 1"]));
    const answeredBy = (letter: string) =>
      until(`${letter} answers`, async () => (await answers(proxy, 5)) === letter.repeat(5));
    await answeredBy("a");
    a.status = 500;
    await answeredBy("b");
    a.status = 200;
    await answeredBy("a");
  });

  test("the nearest zone gets everything while it is healthy", async (t) => {
    const zones = ["zone: east", "zone: west", "zone: east"];
    const locality = "locality: { mode: nearest, own: east }";
    const proxy = await startProxy(t, ENGINE, config(await startAll(t, "aba"), locality, zones));
    assert.equal(await answers(proxy, 20), "a".repeat(20));
  });

  test("processes with different numbers use different endpoints, together all of them", async (t) => {
    const all = await startAll(t, "abcd");
    const used = new Set<string>();
    for (const index of [0, 1]) {
      const proxy = await startProxy(t, ENGINE, config(all, `subset: { size: 2, index: ${index}, of: 2 }`));
      const letters = new Set(await answers(proxy, 20));
      assert.equal(letters.size, 2);
      for (const letter of letters) used.add(letter);
    }
    assert.equal(used.size, 4);
  });

  test("a new endpoint gets its share little by little", async (t) => {
    const all = await startAll(t, "abc");
    const slowStart = "slowStart: { window: 10m, min: 10% }";
    const proxy = await startProxy(t, ENGINE, config(all.slice(0, 2), slowStart));
    assert.equal(countOf(await answers(proxy, 20), "a"), 10, "who was there from the start needs none");
    await proxy.reload(config(all, slowStart));
    const letters = await answers(proxy, 84);
    // A tenth of a share beside two whole ones: one of 21.
    assert.ok(countOf(letters, "c") >= 1 && countOf(letters, "c") <= 8, letters);
  });
});
