/** Tunnels after a matching 101, and what an Upgrade must not open. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ENGINES } from "./ops-support/proxy.js";
import { readMessage, status, values } from "./support/message.js";
import { useStage } from "./support/stage.js";
import { answering, OK } from "./support/witness.js";

const ASK = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: x\r\n\r\n";
const SWITCH =
  "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n";

for (const engine of ENGINES) {
  describe(`tunnels on ${engine}`, () => {
    const stage = useStage(engine, {
      listener: `routes:
  - { match: { path: /idle }, cluster: c, timeouts: { idle: 100ms } }
  - { cluster: c, timeouts: { total: 500ms } }
timeouts: { bodyIdle: 100ms }`,
    });

    test("bytes pass both ways after a 101, also those that came with a head, and past the route's total time", async () => {
      stage.witness.script = async (wire) => {
        await wire.read();
        wire.send(`${SWITCH}first`);
        await wire.until("ping", () => wire.rest === "early ping");
        wire.send(" pong");
      };
      const client = await stage.ask(`${ASK}early`);
      const response = await client.response();
      assert.equal(status(response), 101);
      assert.deepEqual(values(response, "connection"), ["upgrade"]);
      assert.deepEqual(values(response, "upgrade"), ["websocket"]);
      assert.deepEqual(values(response, "sec-websocket-accept"), ["y"]);
      await client.until("first", () => client.rest === "first");
      await new Promise((resolve) => setTimeout(resolve, 600));
      client.send(" ping");
      await client.until("pong", () => client.rest === "first pong");
      const message = readMessage(stage.witness.received)!;
      assert.deepEqual(values(message, "connection"), ["upgrade"]);
      assert.deepEqual(values(message, "upgrade"), ["WebSocket"]);
    });

    for (const first of ["client", "endpoint"] as const) {
      test(`FIN of the ${first} passes, the other direction goes on, and its last bytes arrive`, async () => {
        const size = 4 << 20;
        stage.witness.script = async (wire) => {
          await wire.read();
          wire.send(SWITCH);
          if (first === "endpoint") wire.end("bye");
          else {
            await wire.ended();
            assert.equal(wire.rest, "bye");
            wire.socket.end(Buffer.alloc(size, "x"));
          }
        };
        const client = await stage.ask(ASK);
        await client.response();
        const wire = await stage.witness.connection();
        if (first === "client") {
          client.end("bye");
          assert.equal(await client.ended(), "fin");
          assert.equal(client.rest.length, size);
        } else {
          assert.equal(await client.ended(), "fin");
          assert.equal(client.rest, "bye");
          wire.socket.pause();
          client.socket.end(Buffer.alloc(size, "x"));
          await new Promise((resolve) => setTimeout(resolve, 50));
          wire.socket.resume();
          assert.equal(await wire.ended(), "fin");
          assert.equal(wire.rest.length, size);
        }
        const line = await stage.logged(
          (one) => one.status === 101 && Number(one[first === "client" ? "bytes_out" : "bytes_in"]) > size,
        );
        assert.equal(line.termination, "ok");
      });
    }

    test("RST of either side passes as RST", async () => {
      stage.witness.script = answering(SWITCH);
      const one = await stage.ask(ASK);
      await one.response();
      one.reset();
      assert.equal(await (await stage.witness.connection(0)).ended(), "reset");
      const two = await stage.ask(ASK);
      await two.response();
      (await stage.witness.connection(1)).reset();
      assert.equal(await two.ended(), "reset");
    });

    test("a tunnel in which nothing moves is closed", async () => {
      stage.witness.script = answering(SWITCH);
      const client = await stage.ask(ASK.replace("/ws", "/idle"));
      await client.response();
      await client.ended();
      await (await stage.witness.connection()).ended();
      await stage.logged((line) => line.code === "IDLE_TIMEOUT" && line.status === 101);
    });

    test("U01: after a 200 to an Upgrade there is no tunnel, and what follows is the next request", async () => {
      stage.witness.script = answering(OK);
      const client = await stage.ask(`${ASK}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.equal((await client.response()).body, "ok");
      assert.equal((await client.response()).body, "ok");
      assert.deepEqual(stage.witness.requests, [["GET /ws", "GET /next"]]);
    });

    test("U01: after a 200 to an Upgrade what follows is refused if it is no request", async () => {
      const client = await stage.ask(`${ASK}\x81\x85\0\0\0\0hello`);
      assert.equal(status(await client.response()), 200);
      assert.equal(status(await client.response()), 400);
      await client.ended();
      assert.ok(!stage.witness.received.includes("hello"));
    });

    test("I4: a 101 to another protocol than was asked for is 502", async () => {
      stage.witness.script = answering(SWITCH.replace("websocket", "other"));
      const client = await stage.ask(ASK);
      assert.equal(status(await client.response()), 502);
      await (await stage.witness.connection()).ended();
    });
  });
}
