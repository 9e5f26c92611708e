import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import fc from "fast-check";
import { mix32 } from "../base/hash.js";
import { SourceTable, sourceTableBytes } from "./source-table.js";

const TTL_MS = 60_000;
const create = (size: number) => new SourceTable(new SharedArrayBuffer(sourceTableBytes(size)), TTL_MS);

if (isMainThread) {
  test("it remembers what was stored last for each address, as long as there is room", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(5)), { maxLength: 60 }), (stores) => {
        const table = create(1024);
        const expected = new Map<number, number>();
        for (const [address, slot] of stores) {
          table.store(mix32(address), slot, 1000);
          expected.set(address, slot);
        }
        for (let address = 0; address <= 20; address++) {
          assert.equal(table.find(mix32(address), 1000), expected.get(address) ?? -1);
        }
      }),
    );
  });

  test("an entry lives from its last use for the time to live", () => {
    const table = create(16);
    table.store(7, 3, 0);
    assert.equal(table.find(7, TTL_MS), 3);
    assert.equal(table.find(7, TTL_MS + 1000), -1);
    table.store(7, 3, TTL_MS);
    assert.equal(table.find(7, 2 * TTL_MS), 3);
  });

  test("what was not used for longest makes room, and the memory never grows", () => {
    const table = create(8);
    for (let address = 1; address <= 8; address++) table.store(address, address, address * 1000);
    table.store(1, 1, 9000);
    table.store(99, 50, 10_000);
    assert.equal(table.find(2, 10_000), -1);
    for (const address of [1, 3, 4, 5, 6, 7, 8]) assert.equal(table.find(address, 10_000), address);
    assert.equal(table.find(99, 10_000), 50);
  });

  test("any hash can be kept, also 0 and those above 2^31", () => {
    const table = create(64);
    for (const [slot, hash] of [0, 1, 0xffff_ffff, 0x8000_0000].entries()) {
      table.store(hash, slot, 1);
      assert.equal(table.find(hash, 1), slot);
    }
  });

  test("a size is rounded up to a power of two of sets", () => {
    assert.equal(sourceTableBytes(1), 8 * 16);
    assert.equal(sourceTableBytes(9), 16 * 16);
    assert.equal(sourceTableBytes(65_536), 1 << 20);
  });

  test("four threads that share it never read an endpoint that no thread gave to the address", async () => {
    const buffer = new SharedArrayBuffer(sourceTableBytes(64));
    const workers = [0, 1, 2, 3].map((worker) => {
      return new Worker(new URL(import.meta.url), { workerData: { buffer, worker } });
    });
    const wrong = await Promise.all(
      workers.map((worker) => new Promise<unknown>((resolve) => worker.once("message", resolve))),
    );
    assert.deepEqual(wrong, [0, 0, 0, 0]);
    // When all is quiet, what one thread stores every other finds.
    const [one, other] = [new SourceTable(buffer, TTL_MS), new SourceTable(buffer, TTL_MS)];
    one.store(12_345, 9, 5000);
    assert.equal(other.find(12_345, 5000), 9);
  });
} else {
  const { parentPort } = await import("node:worker_threads");
  const { buffer, worker } = workerData as { buffer: SharedArrayBuffer; worker: number };
  const table = new SourceTable(buffer, TTL_MS);
  // Far more addresses than entries: entries change owners all the time. Address a may get slots 4a to 4a + 3.
  let wrong = 0;
  for (let i = 0; i < 100_000; i++) {
    const address = mix32(i ^ worker) % 300;
    const found = table.find(mix32(address), i / 100);
    if (found >= 0 && found >> 2 !== address) wrong++;
    table.store(mix32(address), address * 4 + worker, i / 100);
  }
  parentPort!.postMessage(wrong);
}
