/** A worker whose buffers are nearly used up refuses by class, keeps the connection, and recovers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "./ops-support/until.js";
import { ENGINE } from "./support/engine.js";
import { status, values } from "./support/message.js";
import { useStage } from "./support/stage.js";
import { answering, OK } from "./support/witness.js";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const BODY = "x".repeat(256 * 1024);

describe("overload", () => {
  const stage = useStage(ENGINE, {
    listener: `
routes:
  - { match: { path: /low }, cluster: c, priority: low }
  - { match: { path: /high }, cluster: c, priority: high }
  - { match: { path: /own }, respond: 204 }
  - cluster: c`,
    top: `
limits: { buffers: 1MiB, highWater: 64KiB }
overload: { buffers: 40%, delay: none }`,
  });

  test("refuses the lowest class first, and nobody once it has passed", async () => {
    const level = () => stage.metric("plimsoll_worker_shed_level");
    // Endpoints that do not read make the proxy keep what it was sent.
    stage.witness.script = (wire) => void wire.socket.pause();
    const stuck = [];
    // A burst may pass: it has to be seen again and again while nothing is added.
    let seen = 0;
    for (let i = 0; i < 100 && seen < 5; i++) {
      if ((await level()) === 0) {
        seen = 0;
        stuck.push(await stage.ask(`PUT /stuck HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`));
      } else seen++;
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    assert.equal(seen, 5, `${stuck.length} stuck requests overload it`);
    stage.witness.script = answering(OK);
    const client = await stage.ask(get("/low"));
    const refused = await client.response();
    assert.equal(status(refused), 503);
    assert.match(refused.body, /^OVERLOADED/);
    assert.deepEqual(values(refused, "retry-after"), ["1"]);
    assert.ok((await stage.metric("plimsoll_worker_shed_low_total")) >= 1);
    assert.equal(
      (await stage.logged(({ target }) => target === "/low")).reason,
      "the worker is short of buffers or time",
    );
    client.send(get("/own"));
    assert.equal(status(await client.response()), 204, "the connection lives, and Plimsoll's own answers cost little");
    if ((await level()) < 3) assert.equal((await (await stage.ask(get("/high"))).response()).body, "ok");
    for (const one of stuck) one.reset();
    await until("it has passed", async () => (await level()) === 0);
    client.send(get("/low"));
    assert.equal((await client.response()).body, "ok");
  });
});
