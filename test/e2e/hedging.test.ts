/** A second try beside a slow first one: who answers first is forwarded, the other is given up, and all of it is counted. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "./ops-support/until.js";
import { type Deferred, deferred } from "./support/deferred.js";
import { ENGINE } from "./support/engine.js";
import { status } from "./support/message.js";
import { type Stage, useStage } from "./support/stage.js";
import type { Wire } from "./support/wire.js";
import { OK } from "./support/witness.js";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const UNAVAILABLE = "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy";
const NO_EJECTION = "outlier: { consecutiveFailures: 0 }";

interface Race {
  /** Connections of the tries, in the order in which their requests came. */
  readonly tries: Wire[];
  /** Resolves once the second has come. */
  readonly both: Deferred;
}

/** Nobody is answered by itself. */
function race(stage: Stage): Race {
  const tries: Wire[] = [];
  const both = deferred();
  for (const witness of stage.witnesses) {
    witness.clear();
    witness.script = async (wire) => {
      await wire.read();
      if (tries.push(wire) === 2) both.resolve();
    };
  }
  return { tries, both };
}

describe("hedging after a fixed time", () => {
  const stage = useStage(ENGINE, {
    endpoints: 2,
    listener: `
routes:
  - { match: { path: /late }, cluster: c, hedge: { after: 1h } }
  - { cluster: c, hedge: { after: 20ms }, retry: { statuses: [503] } }`,
    cluster: NO_EJECTION,
  });
  const outcomes = async (target: string): Promise<string> => {
    const line = await stage.logged((one) => one.target === target);
    const [first, second] = line.tries;
    assert.notEqual(first.endpoint, second.endpoint);
    return line.tries.map(({ outcome }) => outcome).join();
  };
  const connections = () => stage.metric("plimsoll_endpoint_connections_open");
  const counts = async (): Promise<number[]> =>
    Promise.all(["hedges", "hedges_won"].map((name) => stage.metric(`plimsoll_cluster_${name}_total`)));

  test("the second try wins, and the first one's connection is closed", async () => {
    const [begun, won] = await counts();
    const { tries, both } = race(stage);
    const client = await stage.ask(get("/second"));
    await both.promise;
    tries[1].send(OK);
    assert.equal((await client.response()).body, "ok");
    await tries[0].ended();
    assert.equal(await outcomes("/second"), "HEDGE_LOST,ok");
    assert.deepEqual(await counts(), [begun + 1, won + 1]);
    client.send(get("/next"));
    await until("the winner's connection is used again", () => tries.length === 3);
    tries[2].send(OK);
    assert.equal((await client.response()).body, "ok", "one response, and then the next");
  });

  test("the first try wins, and the second one's connection is closed", async () => {
    const [begun, won] = await counts();
    const { tries, both } = race(stage);
    const client = await stage.ask(get("/first"));
    await both.promise;
    tries[0].send(OK);
    assert.equal((await client.response()).body, "ok");
    await tries[1].ended();
    assert.equal(await outcomes("/first"), "HEDGE_LOST,ok");
    assert.deepEqual(await counts(), [begun + 1, won]);
  });

  test("a first try that fails leaves the second, which needs no retry", async () => {
    for (const [path, fail] of [
      ["/reset", (wire: Wire) => wire.reset()],
      ["/garbage", (wire: Wire) => wire.send("nonsense\r\n\r\n")],
      ["/busy", (wire: Wire) => wire.send(UNAVAILABLE)],
    ] as const) {
      const { tries, both } = race(stage);
      const client = await stage.ask(get(path));
      await both.promise;
      const open = await connections();
      fail(tries[0]);
      await until("the proxy has seen it", async () => (await connections()) === open - 1);
      tries[1].send(OK);
      assert.equal((await client.response()).body, "ok", path);
      assert.match(await outcomes(path), /^(UPSTREAM_RESET|RESPONSE_INVALID|ok),ok$/);
      assert.equal(tries.length, 2);
    }
  });

  test("a second try that fails leaves the first", async () => {
    for (const [path, fail] of [
      ["/reset2", (wire: Wire) => wire.reset()],
      ["/busy2", (wire: Wire) => wire.send(UNAVAILABLE)],
    ] as const) {
      const { tries, both } = race(stage);
      const client = await stage.ask(get(path));
      await both.promise;
      fail(tries[1]);
      await tries[1].ended();
      tries[0].send(OK);
      assert.equal((await client.response()).body, "ok", path);
    }
  });

  test("a client that leaves ends both", async () => {
    const { tries, both } = race(stage);
    const client = await stage.ask(get("/gone"));
    await both.promise;
    client.reset();
    await Promise.all(tries.map((wire) => wire.ended()));
    assert.equal(await outcomes("/gone"), "CLIENT_CLOSED,HEDGE_LOST");
  });

  test("what is not safe to repeat, or answered in time, has one try", async () => {
    const { tries } = race(stage);
    const post = await stage.ask("POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    const late = await stage.ask(get("/late"));
    await until("both came", () => tries.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(tries.length, 2);
    for (const wire of tries) wire.send(OK);
    for (const client of [post, late]) assert.equal((await client.response()).body, "ok");
  });
});

/**
 * An exchange that was over by the time its try had begun, for what was held back of its body was malformed, left the hedge's
 * timer behind: a later request of the same exchange was sent twice, on a route that does not hedge.
 */
describe("hedging a request that ends as its try begins", () => {
  const stage = useStage(ENGINE, {
    endpoints: 2,
    listener: `
routes:
  - { match: { path: /hedged }, cluster: c, hedge: { after: 200ms }, faults: { delay: { time: 100ms, percent: 100 } } }
  - { cluster: c, timeouts: { total: 500ms } }`,
    cluster: NO_EJECTION,
  });

  test("leaves nothing behind", async () => {
    // Each endpoint has an idle connection: the try begins at once.
    for (let i = 0; i < 2; i++) assert.equal((await (await stage.ask(get("/pooled"))).response()).body, "ok");
    const client = await stage.ask("PUT /hedged HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    await until("it is delayed", async () => (await stage.metric("plimsoll_listener_fault_delays_total")) === 1);
    client.send("zz\r\n");
    assert.equal(status(await client.response()), 400);
    const { tries } = race(stage);
    assert.match((await (await stage.ask(get("/slow"))).response()).body, /^TOTAL_TIMEOUT/);
    assert.equal(tries.length, 1);
  });
});

describe("hedging without a budget", () => {
  const stage = useStage(ENGINE, {
    endpoints: 2,
    listener: "routes: [{ cluster: c, hedge: { after: 20ms } }]",
    cluster: "retryBudget: { percent: 0, minimum: 0 }",
  });

  test("is denied, and counted", async () => {
    const { tries } = race(stage);
    const client = await stage.ask(get("/"));
    await until("it is denied", async () => (await stage.metric("plimsoll_cluster_hedges_denied_total")) === 1);
    await until("the first try has come", () => tries.length === 1);
    tries[0].send(OK);
    assert.equal((await client.response()).body, "ok");
    assert.equal(tries.length, 1);
  });
});

describe("hedging with one place in the budget", () => {
  const stage = useStage(ENGINE, {
    endpoints: 2,
    listener: "routes: [{ cluster: c, hedge: { after: 20ms }, retry: { attempts: 0 } }]",
    cluster: `retryBudget: { percent: 0, minimum: 1 }\n${NO_EJECTION}`,
  });

  test("gives it back, however the race ends", async () => {
    const endings: ((tries: Wire[], client: Wire) => void)[] = [
      (tries) => tries[1].send(OK),
      (tries) => tries[0].send(OK),
      (tries) => {
        tries[0].reset();
        tries[1].reset();
      },
      (_, client) => client.reset(),
      (tries) => tries[1].send(OK),
    ];
    for (const [index, end] of endings.entries()) {
      const { tries, both } = race(stage);
      const client = await stage.ask(get(`/${index}`));
      await both.promise;
      end(tries, client);
      await stage.logged(({ target }) => target === `/${index}`);
    }
    assert.equal(await stage.metric("plimsoll_cluster_hedges_total"), endings.length);
    assert.equal(await stage.metric("plimsoll_cluster_hedges_denied_total"), 0);
  });
});

describe("hedging after a quantile of the latency", () => {
  const stage = useStage(ENGINE, { endpoints: 2, listener: "routes: [{ cluster: c, hedge: { after: 95% } }]" });

  test("begins once enough is known", async () => {
    let slow = 0;
    for (const witness of stage.witnesses) {
      witness.script = async (wire) => {
        for (;;) {
          const { startLine } = await wire.read();
          if (!startLine.includes("/slow") || ++slow > 1) wire.send(OK);
        }
      };
    }
    const client = await stage.connect();
    for (let i = 0; i < 150; i++) {
      client.send(get("/"));
      assert.equal(status(await client.response()), 200);
    }
    const before = await stage.metric("plimsoll_cluster_hedges_total");
    client.send(get("/slow"));
    assert.equal((await client.response()).body, "ok");
    assert.equal(await stage.metric("plimsoll_cluster_hedges_total"), before + 1);
    const line = await stage.logged(({ target }) => target === "/slow");
    assert.deepEqual(
      line.tries.map(({ outcome }) => outcome),
      ["HEDGE_LOST", "ok"],
    );
  });
});
