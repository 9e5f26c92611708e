/** What a running proxy says of a request, before it is sent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runExplain } from "../../src/cli/explain.js";
import type { Explanation } from "../../src/model/explanation.js";
import { request, startHttp } from "./ops-support/http.js";
import { ENGINES, startProxy } from "./ops-support/proxy.js";
import { until } from "./ops-support/until.js";

test("explain tells live states and loads, and the endpoint that a request then gets", async (t) => {
  const held: (() => void)[] = [];
  const busy = await startHttp(t, "busy", (_, response) => held.push(() => response.end("busy")));
  const free = await startHttp(t, "free");
  const dead = await startHttp(t, "dead");
  await dead.close();
  const ids = [busy, free].map(({ port }) => `127.0.0.1:${port}`);
  const proxy = await startProxy(
    t,
    ENGINES[0],
    `listeners:
  - name: front
    address: "127.0.0.1:0"
    routes:
      - { name: other, match: { host: other.example }, respond: { status: 204 } }
      - { name: web, cluster: web, retry: { attempts: 0 } }
clusters:
  web:
    endpoints: ["${ids[0]}", "${ids[1]}", { id: dead, address: "127.0.0.1:1" }]
    balance: least-request
    health: { tcp: true, interval: 100ms, fastInterval: 20ms, rise: 1, fall: 1 }`,
  );
  await proxy.logged("endpoint_state", ({ fields }) => fields?.endpoint === "dead" && fields.to === "down");
  // The first request that reaches it keeps the busy endpoint occupied.
  const waiting: Promise<unknown>[] = [];
  while (held.length === 0) {
    const sent = request(proxy.port());
    waiting.push(sent);
    // One at a time: the other endpoint must have nothing in flight afterwards.
    await Promise.race([sent, until("a request at the busy endpoint", () => held.length > 0)]);
  }
  const query = {
    url: `http://a.example:${proxy.port()}/x`,
    method: "GET",
    headers: [],
    source: "127.0.0.1",
    seed: 1,
  };
  const ask = async (): Promise<Explanation> =>
    JSON.parse(
      await runExplain(
        { query, config: undefined, admin: proxy.supervisor.admin, json: true },
        { environment: {}, cores: 1 },
      ),
    );
  const explanation = await ask();
  assert.equal(explanation.live, true);
  assert.deepEqual(
    explanation.routes.map(({ name, failed }) => [name, failed]),
    [
      ["other", ["host is not other.example"]],
      ["web", []],
    ],
  );
  const { candidates, pick } = explanation.choice!;
  assert.equal(pick, ids[1]);
  assert.ok(candidates[0].active >= 1, "the busy one's load is known");
  assert.equal(candidates[2].state, "down");
  assert.match(candidates[2].excluded!, /^down: connect refused/);
  assert.equal((await request(proxy.port())).body, "free");
  const { status, text } = await proxy.page("/explain?url=nonsense");
  assert.deepEqual([status, text], [400, "not an http URL: nonsense\n"]);
  for (const release of held) release();
  await Promise.all(waiting);
});

test("a response explains itself to a request that shows the token, and the token goes no further", async (t) => {
  const seen: (string | undefined)[] = [];
  const endpoint = await startHttp(t, "a", (incoming, response) => {
    const names = incoming.rawHeaders.filter((_, i) => i % 2 === 0);
    seen.push(names.find((name) => /explain/i.test(name)));
    response.end("a");
  });
  const proxy = await startProxy(
    t,
    ENGINES[0],
    `explainToken: 0123456789abcdef
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ name: web, cluster: web }] }]
clusters:
  web:
    endpoints: [{ id: a, address: "127.0.0.1:${endpoint.port}" }, { id: out, address: "127.0.0.1:1", weight: 0 }]
    balance: least-request`,
  );
  const ask = async (headers: Record<string, string>) =>
    (await request(proxy.port(), { headers })).headers["x-plimsoll-explain"];
  const told = await ask({ "X-Plimsoll-Explain": "0123456789abcdef" });
  assert.match(String(told), /^[ -~]+$/);
  const { endpoint: pick, route, cluster, policy, candidates } = JSON.parse(String(told));
  assert.deepEqual([pick, route, cluster, policy], ["a", "web", "web", "least-request"]);
  assert.deepEqual(
    candidates.map(({ id, active, score, excluded }: Record<string, unknown>) => [id, active, score, excluded]),
    [
      ["a", 0, 0, undefined],
      ["out", 0, undefined, "its weight is 0"],
    ],
  );
  for (const wrong of ["0123456789abcdee", "0123456789abcde", "0123456789abcdef0", "", "x"]) {
    assert.equal(await ask({ "X-Plimsoll-Explain": wrong }), undefined, wrong);
  }
  assert.equal(await ask({}), undefined);
  assert.equal(await ask({ x_plimsoll_explain: "0123456789abcdef" }), undefined);
  assert.equal(seen.length, 8);
  assert.deepEqual(new Set(seen), new Set([undefined]), "no endpoint ever sees the field");
  assert.ok(!(await proxy.page("/config")).text.includes("0123456789abcdef"));
  await proxy.reload(
    `listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ name: web, cluster: web }] }]
clusters: { web: { endpoints: [{ id: a, address: "127.0.0.1:${endpoint.port}" }] } }`,
  );
  assert.equal(await ask({ "X-Plimsoll-Explain": "" }), undefined, "without a token there is no explanation");
  assert.deepEqual(new Set(seen), new Set([undefined]));
});
