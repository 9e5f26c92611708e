import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../observe/slots.js";
import { createSpec } from "../testing/observed.js";
import { createClusterSpec } from "../testing/specs.js";
import { partOf } from "./partial-snapshot.js";

test("a part has all that concerns its clusters, and nothing of others", () => {
  const spec = createSpec({ clusters: ["web", "web2", "db"].map((name) => createClusterSpec(2, { name })) });
  const plan = { groups: [], panic: false };
  const part = partOf(
    {
      spec,
      slots: new Map(spec.clusters.map(({ name }, slot) => [name, { slot, endpoints: new Map([["e0", slot]]) }])),
      plans: new Map(spec.clusters.map(({ name }) => [name, plan])),
      metricSlots: new Slots().assign(spec).slots,
      sources: new Map([
        ["web", new SharedArrayBuffer(1)],
        ["db", new SharedArrayBuffer(1)],
      ]),
    },
    new Set(["web"]),
  );
  assert.deepEqual(part.spec.clusters, [spec.clusters[0]]);
  assert.deepEqual(part.spec.listeners, []);
  assert.deepEqual([...part.slots.keys()], ["web"]);
  assert.deepEqual([...part.plans.keys()], ["web"]);
  assert.deepEqual([...part.sources.keys()], ["web"]);
  assert.deepEqual([...part.metricSlots.clusters.keys()], ["web"]);
  assert.deepEqual([...part.metricSlots.endpoints.keys()], ["web\0e0", "web\0e1"]);
});
