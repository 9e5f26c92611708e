import assert from "node:assert/strict";
import { test } from "node:test";
import { BUFFER_SIZE, Memory } from "../memory.js";
import type { Ring } from "../native/io-uring.js";
import { BufferStock } from "./buffer-stock.js";
import type { UringConn } from "./uring-conn.js";
import type { UringEngine } from "./uring-engine.js";

/** A stock over `buffers` buffers whose ring counts what it is given. */
function createFixture(buffers: number) {
  const provided: number[] = [];
  const ring: Pick<Ring, "provideRing" | "provide" | "publish"> = {
    provideRing: () => {},
    provide: (id) => provided.push(id),
    publish: () => {},
  };
  const memory = new Memory(new Uint8Array(buffers * BUFFER_SIZE), 0);
  return { provided, stock: new BufferStock(ring as Ring, memory, 65_536) };
}

/** Arms what is not paused, and remembers it. */
function createEngine() {
  const armed: UringConn[] = [];
  const engine: Pick<UringEngine, "armReceive"> = {
    armReceive: (conn) => {
      if (conn.paused) return;
      conn.receiving = true;
      armed.push(conn);
    },
  };
  return { armed, engine: engine as UringEngine };
}

const starving = (count: number, paused: boolean) =>
  Array.from({ length: count }, () => ({ starved: false, receiving: false, paused }) as UringConn);

test("of many connections without a buffer only so many try again as there are buffers, the longest waiting first", () => {
  const { provided, stock } = createFixture(64);
  const { armed, engine } = createEngine();
  const conns = starving(40, false);
  for (const conn of conns) stock.starve(conn);
  stock.refill();
  stock.feed(engine);
  assert.equal(provided.length, 16);
  assert.deepEqual(armed, conns.slice(0, 16));
  assert.deepEqual(
    conns.map(({ starved }) => starved),
    conns.map((_, i) => i >= 16),
  );
  for (let i = 0; i < 16; i++) stock.used();
  stock.refill();
  stock.feed(engine);
  assert.deepEqual(armed, conns.slice(0, 32));
});

test("a connection that was paused meanwhile takes no other's turn: nothing might bring the next one about", () => {
  const { stock } = createFixture(64);
  const { armed, engine } = createEngine();
  const [paused, conns] = [starving(40, true), starving(3, false)];
  for (const conn of [...paused, ...conns]) stock.starve(conn);
  stock.refill();
  stock.feed(engine);
  assert.deepEqual(armed, conns);
});
