/** Retries wait a little, honour what endpoints ask for, and begin only where there is still time. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "./ops-support/until.js";
import { ENGINE } from "./support/engine.js";
import { status, values } from "./support/message.js";
import { useStage } from "./support/stage.js";
import { answering, OK, type Script } from "./support/witness.js";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const failing = (code: number, fields = ""): string => `HTTP/1.1 ${code} No\r\n${fields}Content-Length: 4\r\n\r\nbusy`;
const WAITS_A_MINUTE = "backoff: { base: 60s, max: 60s }";

/** Answers the first requests with `first`, the others with OK. */
function failingFirst(first: string, times = 1): Script {
  let count = 0;
  return async (wire) => {
    for (;;) {
      await wire.read();
      wire.send(count++ < times ? first : OK);
    }
  };
}

describe("retries of statuses", () => {
  const stage = useStage(ENGINE, {
    listener: `
routes:
  - { match: { path: /long }, cluster: c, retry: { statuses: [500], ${WAITS_A_MINUTE} } }
  - match: { path: /late }
    cluster: c
    timeouts: { total: 30s }
    retry: { statuses: [500], minTime: 31s }
  - cluster: c
    retry: { attempts: 1, on: [gateway-error, retriable-4xx], statuses: [429], maxRetryAfter: 1s }`,
    cluster: "outlier: { consecutiveFailures: 0 }\nretryBudget: { percent: 0, minimum: 1 }",
  });

  test("groups of statuses are tried again", async () => {
    for (const code of [502, 409]) {
      stage.witness.script = failingFirst(failing(code));
      stage.witness.clear();
      stage.witness.script = failingFirst(failing(code));
      const response = await (await stage.ask(get(`/${code}`))).response();
      assert.equal(response.body, "ok", `${code}`);
    }
    stage.witness.clear();
    stage.witness.script = failingFirst(failing(500));
    assert.equal(status(await (await stage.ask(get("/500"))).response()), 500);
  });

  test("Retry-After is waited for where there is nobody else, and forwarded where it is long", async () => {
    stage.witness.script = failingFirst(failing(503, "Retry-After: 1\r\n"));
    const begun = performance.now();
    assert.equal((await (await stage.ask(get("/soon"))).response()).body, "ok");
    const waited = performance.now() - begun;
    assert.ok(waited >= 990, `${waited} ms`);
    stage.witness.clear();
    stage.witness.script = answering(failing(429, "Retry-After: 2\r\n"));
    const response = await (await stage.ask(get("/long-pause"))).response();
    assert.equal(status(response), 429);
    assert.deepEqual(values(response, "retry-after"), ["2"]);
    assert.equal((await stage.logged(({ target }) => target === "/long-pause")).tries.length, 1);
  });

  test("a client that breaks off during the back-off ends it, and the place in the budget comes back", async () => {
    stage.witness.script = answering(failing(500));
    const client = await stage.ask(get("/long"));
    await until("the first try is over", async () => (await stage.metric("plimsoll_cluster_active")) === 0);
    assert.equal(await stage.metric("plimsoll_listener_active"), 1, "the request waits");
    client.reset();
    await until("nothing waits", async () => (await stage.metric("plimsoll_listener_active")) === 0);
    const line = await stage.logged(({ target, code }) => target === "/long" && code === "CLIENT_CLOSED");
    assert.equal(line.tries.length, 1);
    // The budget has one place: it is free.
    stage.witness.clear();
    stage.witness.script = failingFirst(failing(502));
    assert.equal((await (await stage.ask(get("/budget"))).response()).body, "ok");
  });

  test("a client that has only ended its side during the back-off gets its answer", async () => {
    stage.witness.script = failingFirst(failing(503, "Retry-After: 1\r\n"));
    const client = await stage.ask(get("/soon"));
    await until("the first try is over", async () => (await stage.metric("plimsoll_cluster_active")) === 0);
    client.end();
    assert.equal((await client.response()).body, "ok");
  });

  test("no retry begins for which no time would be left", async () => {
    stage.witness.script = failingFirst(failing(500));
    assert.equal(status(await (await stage.ask(get("/late"))).response()), 500);
    assert.equal((await stage.logged(({ target }) => target === "/late")).tries.length, 1);
  });
});

describe("retries with another endpoint at hand", () => {
  const stage = useStage(ENGINE, {
    endpoints: 2,
    listener: "routes: [{ cluster: c, retry: { statuses: [503] } }]",
    cluster: "outlier: { consecutiveFailures: 0 }",
  });

  test("a Retry-After of one endpoint does not keep a request from the other", async () => {
    stage.witnesses[0].script = answering(failing(503, "Retry-After: 3600\r\n"));
    for (let i = 0; i < 3; i++) assert.equal((await (await stage.ask(get(`/${i}`))).response()).body, "ok");
    assert.ok(Number(await stage.metric("plimsoll_cluster_retries_total")) >= 1);
  });
});

describe("the first retry of connecting", () => {
  const stage = useStage(ENGINE, {
    listener: `routes: [{ cluster: c, retry: { ${WAITS_A_MINUTE} } }]`,
    cluster: "endpoints: [127.0.0.1:1, 127.0.0.1:{p0}]\noutlier: { consecutiveFailures: 0 }",
  });

  test("begins at once: nothing reached an endpoint", async () => {
    for (let i = 0; i < 2; i++) assert.equal((await (await stage.ask(get(`/${i}`))).response()).body, "ok");
    assert.ok(Number(await stage.metric("plimsoll_cluster_retries_total")) >= 1);
  });
});
