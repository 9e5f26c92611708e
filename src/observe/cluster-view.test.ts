import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { histogramRecord } from "../base/histogram.js";
import { createObserved } from "../testing/observed.js";
import { viewClusters } from "./cluster-view.js";
import { C, clusterBase, E, endpointBase } from "./layout.js";
import { endpointKey } from "./slots.js";

describe("cluster view", () => {
  it("joins configuration, state and the figures of all workers", () => {
    const observed = createObserved(undefined, {
      e1: { state: "ejected", reason: "5 failures in a row", since: Date.UTC(2026, 1, 3, 4, 5, 6, 7), weight: 3 },
    });
    for (const { metrics } of observed.workers) {
      metrics[clusterBase(observed.slots.clusters.get("web")!) + C.ACTIVE] = 4;
      const base = endpointBase(observed.slots.endpoints.get(endpointKey("web", "e1"))!);
      metrics[base + E.REQUESTS] = 50;
      metrics[base + E.FAILURES] = 1;
      for (let i = 0; i < 50; i++) histogramRecord(metrics, base + E.RESPONSE, i < 45 ? 1 : 1000);
    }
    const [web] = viewClusters(observed);
    assert.equal(web!.name, "web");
    assert.equal(web!.active, 8);
    const [first, second] = web!.endpoints;
    assert.equal(first!.state, "up");
    assert.equal(first!.requests, 0);
    assert.equal(first!.latencyMs, undefined);
    const { latencyMs, ...rest } = second!;
    assert.deepEqual(rest, {
      id: "e1",
      address: "127.0.0.1:9001",
      weight: 3,
      maxConnections: 0,
      state: "ejected",
      reason: "5 failures in a row",
      checks: [{ name: "http", state: "up", reason: "status 200" }],
      since: "2026-02-03T04:05:06.007Z",
      source: "config",
      active: 0,
      connections: 0,
      pending: 1,
      retries: 2,
      requests: 100,
      failures: 2,
      connects: 0,
      connectFailures: 0,
      bytesIn: 0,
      bytesOut: 0,
    });
    assert.ok(latencyMs!.p50 >= 1 && latencyMs!.p50 < 1.25);
    assert.ok(latencyMs!.p99 > 800 && latencyMs!.p99 < 1250);
  });
});
