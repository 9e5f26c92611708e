import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import type { Conn } from "../engine.js";
import { BUFFER_SIZE, Memory } from "../memory.js";
import { UNHANDLED } from "../unhandled.js";
import { NodeEngine } from "./node-engine.js";

test("what the callbacks of a turn send is written at its end, in one piece for each connection", async (t) => {
  const memory = new Memory(new Uint8Array(64 * BUFFER_SIZE), 0);
  const marks = { highWaterBytes: 65_536, lowWaterBytes: 16_384 };
  const engine = new NodeEngine({ memory, ...marks, backlog: 16, reusePort: false });
  t.after(() => engine.stop());
  const unsent: number[] = [];
  const listening = engine.listen({ family: "ip4", host: "127.0.0.1", port: 0 }, (conn: Conn) => ({
    ...UNHANDLED,
    onData(buffer: number, start: number, end: number) {
      conn.send(buffer, start, end);
      conn.send(buffer, start, end);
      unsent.push(conn.unsent);
    },
  }));
  const { address } = listening;
  assert.ok(address.family !== "unix");
  const client = net.connect(address.port, address.host);
  t.after(() => client.destroy());
  client.write("ping");
  const [first] = await once(client, "data");
  assert.equal(String(first), "pingping");
  assert.deepEqual(unsent, [8]);
  assert.equal(memory.used, 0);
});
