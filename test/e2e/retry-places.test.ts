/** Retries that the budget has no place for wait for one: not for ever, not in vain, and not where a limit says no. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "./ops-support/until.js";
import { ENGINE } from "./support/engine.js";
import { holdRetry } from "./support/held-retry.js";
import { status } from "./support/message.js";
import { type Stage, useStage } from "./support/stage.js";
import type { Wire } from "./support/wire.js";
import { OK } from "./support/witness.js";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const UNAVAILABLE = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";
const ONE_PLACE = "outlier: { consecutiveFailures: 0 }\nretryBudget: { percent: 0, minimum: 1 }";

const waiting = (stage: Stage, count: number): Promise<unknown> =>
  until(`${count} wait`, async () => (await stage.metric("plimsoll_cluster_retries_waiting")) === count);

/** A client whose second try has the only place of the budget, until `release`. */
async function occupy(stage: Stage): Promise<{ first: Wire; release: () => void }> {
  const { held, release } = holdRetry(stage.witnesses);
  const first = await stage.ask(get("/held"));
  await held;
  return { first, release };
}

describe("a retry that waits for a place", () => {
  const stage = useStage(ENGINE, {
    endpoints: 2,
    listener: `
routes:
  - { match: { path: /high }, cluster: c, priority: high }
  - { match: { path: /brief }, cluster: c, timeouts: { total: 300ms }, retry: { minTime: 200ms } }
  - { match: { path: /impatient }, cluster: c, timeouts: { responseHeader: 100ms } }
  - { match: { path: /timeout }, cluster: c, timeouts: { perTry: 50ms }, retry: { on: [timeout] } }
  - { cluster: c, retry: { statuses: [503] } }`,
    cluster: `${ONE_PLACE}\npool: { maxIdle: 0 }`,
  });
  const denied = (): Promise<number> => stage.metric("plimsoll_cluster_retries_denied_total");

  test("begins by class, and within a class in order", async () => {
    const { first, release } = await occupy(stage);
    const clients = [first];
    for (const [index, path] of ["/1", "/2", "/high"].entries()) {
      clients.push(await stage.ask(get(path)));
      await waiting(stage, index + 1);
    }
    const order: string[] = [];
    for (const witness of stage.witnesses) {
      witness.script = async (wire) => {
        order.push((await wire.read()).startLine.split(" ")[1]);
        wire.send(OK);
      };
    }
    release();
    for (const client of clients) assert.equal((await client.response()).body, "ok");
    assert.deepEqual(order, ["/high", "/1", "/2"]);
  });

  test("ends with its client", async () => {
    const { first, release } = await occupy(stage);
    const client = await stage.ask(get("/gone"));
    await waiting(stage, 1);
    client.reset();
    await waiting(stage, 0);
    assert.equal((await stage.logged(({ target }) => target === "/gone")).code, "CLIENT_CLOSED");
    const before = await denied();
    release();
    assert.equal((await first.response()).body, "ok");
    assert.equal(await denied(), before, "nobody refused it");
  });

  test("fails as its try did, once it is too late for another or has waited as long as an answer may take", async () => {
    const { first, release } = await occupy(stage);
    const before = await denied();
    for (const path of ["/brief", "/impatient"]) {
      const client = await stage.ask(get(path));
      await waiting(stage, 1);
      const response = await client.response();
      assert.equal(status(response), 502);
      assert.match(response.body, /^UPSTREAM_RESET/, path);
      await waiting(stage, 0);
      assert.ok(Number((await stage.logged(({ target }) => target === path)).total_ms) >= 100);
    }
    assert.equal(await denied(), before + 2);
    release();
    assert.equal((await first.response()).body, "ok");
  });

  test("is not waited for by a status or a timeout: the one is an answer, the other has used the time", async () => {
    const { first, release } = await occupy(stage);
    const before = await denied();
    for (const witness of stage.witnesses) {
      witness.script = async (wire) => {
        const { startLine } = await wire.read();
        if (startLine.includes("/status")) wire.send(UNAVAILABLE);
      };
    }
    const response = await (await stage.ask(get("/status"))).response();
    assert.deepEqual([status(response), response.body], [503, "busy"], "the endpoint's own answer");
    assert.match((await (await stage.ask(get("/timeout"))).response()).body, /^RESPONSE_TIMEOUT/);
    assert.equal(await denied(), before + 2);
    release();
    assert.equal((await first.response()).body, "ok");
  });
});

describe("retries without a budget", () => {
  const stage = useStage(ENGINE, {
    endpoints: 2,
    cluster: "outlier: { consecutiveFailures: 0 }\nretryBudget: { percent: 0, minimum: 0 }",
  });

  test("do not wait for a place that there never is", async () => {
    for (const witness of stage.witnesses) witness.script = (wire) => void wire.read().then(() => wire.reset());
    assert.match((await (await stage.ask(get("/"))).response()).body, /^UPSTREAM_RESET/);
    assert.equal(await stage.metric("plimsoll_cluster_retries_denied_total"), 1);
  });
});
