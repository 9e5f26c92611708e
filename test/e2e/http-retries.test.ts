/** Failed tries: repeated elsewhere where that is safe, within a budget, and otherwise answered with what went wrong. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ENGINES } from "./ops-support/proxy.js";
import { until } from "./ops-support/until.js";
import { holdRetry } from "./support/held-retry.js";
import { status } from "./support/message.js";
import { type Stage, useStage } from "./support/stage.js";
import { answering, OK, type Script } from "./support/witness.js";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab`;
const UNAVAILABLE = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";

const reset: Script = async (wire) => {
  await wire.read();
  wire.reset();
};

const waiting = (stage: Stage, count: number): Promise<unknown> =>
  until(`${count} wait`, async () => (await stage.metric("plimsoll_cluster_retries_waiting")) === count);

for (const engine of ENGINES) {
  describe(`retries on ${engine}`, () => {
    const stage = useStage(engine, {
      endpoints: 2,
      listener: `
routes:
  - match: { path: /never }
    cluster: c
    retry: { attempts: 0 }
  - cluster: c
    retry: { attempts: 2, statuses: [503] }`,
      cluster: "outlier: { consecutiveFailures: 0 }",
    });
    const outcomes = async (target: string): Promise<string[]> => {
      const { tries } = await stage.logged((line) => line.target === target);
      return tries.map(({ outcome }) => outcome);
    };

    test("a GET whose endpoint resets goes to the other endpoint", async () => {
      for (const [one, other] of [
        [0, 1],
        [1, 0],
      ]) {
        for (const witness of stage.witnesses) witness.clear();
        stage.witnesses[one].script = reset;
        stage.witnesses[other].script = answering(OK);
        const retried: string[][] = [];
        for (let i = 0; i < 3; i++) {
          const client = await stage.ask(get(`/reset${one}${i}`));
          assert.equal((await client.response()).body, "ok");
          retried.push(await outcomes(`/reset${one}${i}`));
        }
        assert.ok(
          retried.some((tries) => tries.join() === "UPSTREAM_RESET,ok"),
          JSON.stringify(retried),
        );
        assert.ok(retried.every((tries) => tries.length <= 2));
      }
    });

    test("a status that counts as failure is tried elsewhere, and forwarded when no try is left", async () => {
      stage.witnesses[0].script = answering(UNAVAILABLE);
      for (let i = 0; i < 2; i++) {
        const client = await stage.ask(get(`/status${i}`));
        assert.equal((await client.response()).body, "ok");
      }
      stage.witnesses[1].script = answering(UNAVAILABLE);
      for (const witness of stage.witnesses) for (const wire of witness.connections) wire.destroy();
      const client = await stage.ask(get("/busy"));
      const response = await client.response();
      assert.equal(status(response), 503);
      assert.equal(response.body, "busy", "the endpoint's own answer");
      assert.equal((await outcomes("/busy")).length, 3);
    });

    test("a POST that was sent is not tried again", async () => {
      for (const witness of stage.witnesses) witness.script = reset;
      const client = await stage.ask(post("/post"));
      const response = await client.response();
      assert.equal(status(response), 502);
      assert.match(response.body, /^UPSTREAM_RESET/);
      assert.equal(stage.witnesses.flatMap((witness) => witness.requests.flat()).length, 1);
    });

    test("a route may forbid retries", async () => {
      for (const witness of stage.witnesses) witness.script = reset;
      const client = await stage.ask(get("/never"));
      assert.equal(status(await client.response()), 502);
      assert.equal((await outcomes("/never")).length, 1);
    });

    test("a GET with a body that is still coming is not tried again", async () => {
      for (const witness of stage.witnesses) {
        witness.script = async (wire) => {
          await wire.until("the second piece", () => wire.received.endsWith("cd"));
          wire.reset();
        };
      }
      const client = await stage.ask("PUT /partly HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab");
      const wire = await Promise.any(stage.witnesses.map((witness) => witness.connection()));
      await wire.until("the first piece", () => wire.received.endsWith("ab"));
      client.send("cd");
      assert.equal(status(await client.response()), 502);
      assert.equal((await outcomes("/partly")).length, 1);
    });
  });

  describe(`retries of connecting on ${engine}`, () => {
    const stage = useStage(engine, {
      cluster: "endpoints: [127.0.0.1:1, 127.0.0.1:{p0}]\noutlier: { consecutiveFailures: 0 }",
    });

    test("an endpoint that refuses is passed over, for POST too, and its body arrives whole", async () => {
      for (let i = 0; i < 4; i++) {
        const client = await stage.ask(post(`/${i}`));
        assert.equal((await client.response()).body, "ok");
        client.destroy();
      }
      assert.deepEqual(stage.witness.requests.flat(), ["POST /0", "POST /1", "POST /2", "POST /3"]);
      stage.witness.assertOneReading();
      const line = await stage.logged(({ retries }) => retries === 1);
      assert.equal(line.tries[0].outcome, "CONNECT_REFUSED");
      assert.notEqual(line.tries[0].endpoint, line.tries[1].endpoint);
      assert.ok(Number(await stage.metric("plimsoll_cluster_retries_total")) >= 1);
    });
  });

  describe(`retry budget on ${engine}`, () => {
    const stage = useStage(engine, {
      endpoints: 2,
      cluster: "outlier: { consecutiveFailures: 0 }\nretryBudget: { percent: 0, minimum: 1 }",
    });

    test("a retry beyond the budget waits for a place, and each place comes back", async () => {
      for (let round = 0; round < 3; round++) {
        // The first client's second try is held: it has the only place.
        const { held, release } = holdRetry(stage.witnesses);
        const first = await stage.ask(get("/held"));
        await held;
        const second = await stage.ask(get("/waits"));
        await waiting(stage, 1);
        for (const witness of stage.witnesses) witness.script = answering(OK);
        release();
        for (const client of [first, second]) assert.equal((await client.response()).body, "ok", `round ${round}`);
        await waiting(stage, 0);
      }
      assert.equal(await stage.metric("plimsoll_cluster_retries_total"), 6);
      assert.equal(await stage.metric("plimsoll_cluster_retries_denied_total"), 0);
    });
  });
}
