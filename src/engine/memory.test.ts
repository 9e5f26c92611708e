import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BUFFER_SIZE, HEADROOM, Memory } from "./memory.js";

function memoryOf(count: number): Memory {
  return new Memory(new Uint8Array(count * BUFFER_SIZE), 0);
}

describe("Memory", () => {
  it("leaves room for data behind the headroom", () => {
    assert.ok(HEADROOM > 0 && HEADROOM * 2 < BUFFER_SIZE);
  });

  it("hands out every buffer once, then none", () => {
    const memory = memoryOf(5);
    const buffers = [1, 2, 3, 4, 5].map(() => memory.alloc());
    assert.deepEqual([...buffers].sort(), [0, 1, 2, 3, 4]);
    assert.equal(memory.alloc(), -1);
    assert.equal(memory.used, 5);
    assert.equal(memory.available, 0);
  });

  it("hands out the buffer that came back last, first", () => {
    const memory = memoryOf(4);
    const [a, b] = [memory.alloc(), memory.alloc()];
    memory.release(a);
    memory.release(b);
    assert.equal(memory.alloc(), b);
    assert.equal(memory.alloc(), a);
  });

  it("touches no buffer before it is needed", () => {
    const memory = memoryOf(4);
    for (let i = 0; i < 10; i++) memory.release(memory.alloc());
    assert.equal(memory.alloc(), 0);
  });

  it("keeps a buffer until its last reference is gone", () => {
    const memory = memoryOf(1);
    const buffer = memory.alloc();
    assert.equal(memory.isSole(buffer), true);
    memory.retain(buffer);
    assert.equal(memory.isSole(buffer), false);
    memory.release(buffer);
    assert.equal(memory.isSole(buffer), true);
    assert.equal(memory.alloc(), -1);
    memory.release(buffer);
    assert.equal(memory.used, 0);
    assert.equal(memory.alloc(), buffer);
  });

  it("counts as many references as a buffer can have chunks", () => {
    const memory = memoryOf(1);
    const buffer = memory.alloc();
    for (let i = 0; i < BUFFER_SIZE; i++) memory.retain(buffer);
    for (let i = 0; i < BUFFER_SIZE; i++) memory.release(buffer);
    assert.equal(memory.used, 1);
    memory.release(buffer);
    assert.equal(memory.used, 0);
  });

  it("ignores bytes that do not fill a buffer", () => {
    assert.equal(new Memory(new Uint8Array(2 * BUFFER_SIZE + 1), 0).count, 2);
  });

  it("agrees with a model, whatever is allocated, retained and released", () => {
    const step = fc.record({ do: fc.constantFrom("alloc", "retain", "release"), pick: fc.nat(1000) });
    fc.assert(
      fc.property(fc.nat(6), fc.array(step, { maxLength: 200 }), (count, steps) => {
        const memory = memoryOf(count);
        const references = new Map<number, number>();
        for (const { do: what, pick } of steps) {
          const held = [...references.keys()];
          const buffer = held[pick % Math.max(1, held.length)];
          if (what === "alloc") {
            const fresh = memory.alloc();
            assert.equal(fresh === -1, references.size === count, "fails only when all are in use");
            if (fresh < 0) continue;
            assert.ok(fresh < count && !references.has(fresh), "gives away nobody's buffer");
            references.set(fresh, 1);
          } else if (buffer !== undefined) {
            const now = references.get(buffer)! + (what === "retain" ? 1 : -1);
            if (what === "retain") memory.retain(buffer);
            else memory.release(buffer);
            if (now === 0) references.delete(buffer);
            else references.set(buffer, now);
          }
          assert.equal(memory.used, references.size);
          assert.equal(memory.available, count - references.size);
          for (const [each, n] of references) assert.equal(memory.isSole(each), n === 1);
        }
      }),
    );
  });
});
