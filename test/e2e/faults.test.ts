/** Faults on purpose: how many are hit, what they and the log see, and that every way out of a delay cancels it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { status } from "./support/message.js";
import { useStage } from "./support/stage.js";

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

describe("faults", () => {
  const stage = useStage("epoll", {
    listener: `
routes:
  - match: { path: /some }
    cluster: c
    faults: { abort: { percent: 25%, status: 418 } }
  - match: { path: /late }
    cluster: c
    faults: { delay: { percent: 100, time: 300ms } }
  - match: { path: /never }
    cluster: c
    timeouts: { total: 200ms }
    faults: { delay: { percent: 100, time: 1h } }
  - match: { path: /asked }
    cluster: c
    faults: { delay: { percent: 100, time: 100ms }, abort: { percent: 100, status: 500 }, header: true }
  - cluster: c`,
  });

  test("the share of aborted requests is near its percentage, and the endpoint never sees them", async () => {
    const client = await stage.connect();
    const counts = new Map<number, number>();
    for (let i = 0; i < 400; i++) {
      client.send(get("/some"));
      const code = status(await client.response());
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    const aborted = counts.get(418) ?? 0;
    // Five standard deviations of 400 draws.
    assert.ok(aborted >= 57 && aborted <= 143, `${aborted} of 400`);
    assert.equal(aborted + (counts.get(200) ?? 0), 400);
    assert.equal(stage.witness.requests.flat().length, 400 - aborted);
    assert.equal(await stage.metric("plimsoll_listener_fault_aborts_total"), aborted);
    assert.equal(await stage.metric("plimsoll_listener_errors_total", 'code="FAULT_INJECTED"'), aborted);
    const line = await stage.logged((one) => one.fault === "abort");
    assert.deepEqual([line.code, line.status, line.tries.length], ["FAULT_INJECTED", 418, 0]);
  });

  test("a delayed request waits first and is then forwarded whole", async () => {
    const began = performance.now();
    const client = await stage.ask("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
    client.send("def");
    assert.equal((await client.response()).body, "ok");
    assert.ok(performance.now() - began >= 300, "not before its time");
    assert.ok(stage.witness.received.endsWith("abcdef"));
    assert.equal((await stage.logged(({ target }) => target === "/late")).fault, "delay");
    assert.equal(await stage.metric("plimsoll_listener_fault_delays_total"), 1);
  });

  test("the total timeout ends a delay", async () => {
    const client = await stage.ask(get("/never"));
    const response = await client.response();
    assert.equal(status(response), 504);
    assert.match(response.body, /^TOTAL_TIMEOUT/);
    assert.equal(stage.witness.connections.length, 0);
  });

  test("a client that leaves ends a delay", async () => {
    const client = await stage.ask(get("/late?left"));
    client.reset();
    const line = await stage.logged(({ target }) => target === "/late?left");
    assert.equal(line.code, "CLIENT_CLOSED");
    assert.equal(stage.witness.connections.length, 0);
    // Its exchange is free again: what was left on the timer wheel must not reach the next request.
    const next = await stage.ask(get("/plain"));
    assert.equal((await next.response()).body, "ok");
  });

  test("with header: true only the faults that a request names are made, one after the other", async () => {
    const client = await stage.connect();
    const answer = async (fields: string): Promise<[status: number, waited: boolean]> => {
      const began = performance.now();
      client.send(get("/asked", fields));
      return [status(await client.response()), performance.now() - began >= 100];
    };
    assert.equal((await answer(""))[0], 200);
    assert.equal((await answer("X-Plimsoll-Fault: nothing\r\n"))[0], 200);
    assert.deepEqual(await answer("X-Plimsoll-Fault: delay\r\n"), [200, true]);
    assert.equal((await answer("X-Plimsoll-Fault: Abort\r\n"))[0], 500);
    assert.deepEqual(await answer("X-Plimsoll-Fault: delay, abort\r\n"), [500, true]);
    assert.equal((await stage.logged(({ fault }) => fault === "delay,abort")).status, 500);
  });
});
