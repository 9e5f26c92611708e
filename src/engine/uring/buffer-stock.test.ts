import assert from "node:assert/strict";
import { test } from "node:test";
import { BUFFER_SIZE, Memory } from "../memory.js";
import type { Ring } from "../native/io-uring.js";
import { BufferStock } from "./buffer-stock.js";
import type { UringConn } from "./uring-conn.js";

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

test("of many connections without a buffer only so many try again as there are buffers, the longest waiting first", () => {
  const { provided, stock } = createFixture(64);
  const conns = Array.from({ length: 40 }, (_, slot) => ({ slot, starved: false }) as UringConn);
  for (const conn of conns) stock.starve(conn);
  assert.deepEqual(stock.refill(), conns.slice(0, 16));
  assert.equal(provided.length, 16);
  assert.deepEqual(
    conns.map(({ starved }) => starved),
    conns.map((_, i) => i >= 16),
  );
  for (let i = 0; i < 16; i++) stock.used();
  assert.deepEqual(stock.refill(), conns.slice(16, 32));
});
