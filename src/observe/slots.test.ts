import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Spec } from "../model/spec.js";
import { createMetrics, E, endpointBase, listenerBase, MAX_ENDPOINTS, MAX_LISTENERS, openMetrics } from "./layout.js";
import { endpointKey, Slots } from "./slots.js";

/** Only what slots read. */
const spec = (listeners: readonly string[], clusters: Readonly<Record<string, readonly string[]>>): Spec =>
  ({
    listeners: listeners.map((name) => ({ name })),
    clusters: Object.entries(clusters).map(([name, ids]) => ({ name, endpoints: ids.map((id) => ({ id })) })),
  }) as unknown as Spec;
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);

describe("slots", () => {
  it("gives each name of a kind a slot of its own", () => {
    const { slots } = new Slots().assign(spec(["a", "b"], { x: ["e", "f"], y: ["e"] }));
    assert.deepEqual([...slots.listeners.values()].sort(), [0, 1]);
    assert.deepEqual([...slots.clusters.values()].sort(), [0, 1]);
    assert.deepEqual([...slots.endpoints.values()].sort(), [0, 1, 2]);
    assert.notEqual(slots.endpoints.get(endpointKey("x", "e")), slots.endpoints.get(endpointKey("y", "e")));
  });

  it("keep their place over a reload, also for a name that left and came back before it was freed", () => {
    const table = new Slots();
    const first = table.assign(spec(["a", "b", "c"], {})).slots;
    table.assign(spec(["c", "d"], {}));
    const third = table.assign(spec(["b", "c"], {})).slots;
    assert.equal(third.listeners.get("c"), first.listeners.get("c"));
    assert.equal(third.listeners.get("b"), first.listeners.get("b"));
    assert.equal(third.listeners.has("a"), false);
  });

  it("are not given to another name before they are freed", () => {
    const table = new Slots();
    const a = table.assign(spec(["a"], {})).slots.listeners.get("a");
    assert.notEqual(table.assign(spec(["b"], {})).slots.listeners.get("b"), a);
  });

  it("are zeroed in every worker's memory and used again once they are freed", () => {
    const table = new Slots();
    const workers = [openMetrics(createMetrics()), openMetrics(createMetrics())];
    const slot = table.assign(spec(["a"], {})).slots.listeners.get("a")!;
    for (const metrics of workers) metrics[listenerBase(slot)] = 9;
    const { generation } = table.assign(spec([], {}));
    table.free(generation, workers);
    assert.deepEqual(
      workers.map((metrics) => metrics[listenerBase(slot)]),
      [0, 0],
    );
    assert.equal(table.assign(spec(["b"], {})).slots.listeners.get("b"), slot);
  });

  it("that were retired after the generation being freed keep their figures", () => {
    const table = new Slots();
    const metrics = openMetrics(createMetrics());
    const slot = table.assign(spec([], { x: ["e"] })).slots.endpoints.get(endpointKey("x", "e"))!;
    metrics[endpointBase(slot)] = 9;
    const early = table.assign(spec([], { x: ["e"] })).generation;
    table.assign(spec([], {}));
    table.free(early, [metrics]);
    assert.equal(metrics[endpointBase(slot)], 9);
  });

  it("in which something is still open are freed only by a call after it has ended", () => {
    const table = new Slots();
    const metrics = openMetrics(createMetrics());
    const slot = table.assign(spec([], { x: ["e"] })).slots.endpoints.get(endpointKey("x", "e"))!;
    const open = endpointBase(slot) + E.ACTIVE;
    metrics[open] = 1;
    const { generation } = table.assign(spec([], {}));
    table.free(generation, [metrics]);
    assert.notEqual(table.assign(spec([], { x: ["f"] })).slots.endpoints.get(endpointKey("x", "f")), slot);
    assert.equal(metrics[open], 1);
    metrics[open] = 0;
    table.free(generation, [metrics]);
    const next = table.assign(spec([], { x: ["f", "g"] })).slots.endpoints;
    assert.equal(next.get(endpointKey("x", "g")), slot);
  });

  it("that came back are not freed by the generation they had left with", () => {
    const table = new Slots();
    const metrics = openMetrics(createMetrics());
    const slot = table.assign(spec(["a"], {})).slots.listeners.get("a")!;
    const { generation } = table.assign(spec([], {}));
    table.assign(spec(["a"], {}));
    metrics[listenerBase(slot)] = 9;
    table.free(generation, [metrics]);
    assert.equal(metrics[listenerBase(slot)], 9);
  });

  it("refuse a configuration that needs too many, and stay as they were", () => {
    const table = new Slots();
    const before = table.assign(spec(["a"], { x: ["e"] }));
    const tooMany = spec(["b"], { x: names(MAX_ENDPOINTS + 1) });
    assert.throws(() => table.assign(tooMany), { code: "CONFIG_INVALID" });
    const after = table.assign(spec(["a"], { x: ["e"] }));
    assert.deepEqual(after.slots, before.slots);
  });

  it("can be used up completely, and again after being freed", () => {
    const table = new Slots();
    table.assign(spec(names(MAX_LISTENERS), {}));
    const { generation } = table.assign(spec([], {}));
    assert.throws(() => table.assign(spec(["late"], {})), /64 removed ones are still draining/);
    table.free(generation, []);
    const again = table.assign(spec(names(MAX_LISTENERS), {})).slots.listeners;
    assert.equal(new Set(again.values()).size, MAX_LISTENERS);
  });
});
