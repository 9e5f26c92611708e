import assert from "node:assert/strict";
import { test } from "node:test";
import type { Address } from "../../model/address.js";
import { State } from "../../model/cells.js";
import { createClusterSpec, createEndpointSpec, createHealthSpec, createOutlierSpec } from "../../testing/specs.js";
import { addressOf, checked, createFixture } from "./monitor.test.support.js";

test("endpoints are unknown until their first check, and then up", () => {
  const { clock, board, monitor, take } = createFixture([checked(2)]);
  assert.equal(monitor.status()[0].endpoints[0].state, "unknown");
  clock.advance(20);
  assert.deepEqual(take().sort(), ["web/e0 unknown -> up: connected", "web/e1 unknown -> up: connected"]);
  assert.equal(board.state("web", "e0"), 0);
});

test("an endpoint goes down after `fall` failures, is checked faster, and is up after `rise` successes", () => {
  const { clock, board, dead, take } = createFixture([checked(2)]);
  clock.advance(20);
  take();
  dead.add(addressOf(1));
  clock.advance(1000);
  assert.deepEqual(take(), []);
  clock.advance(2 * 201 + 10);
  assert.deepEqual(take(), ["web/e1 up -> down: connect refused"]);
  assert.equal(board.state("web", "e1"), State.DOWN);
  dead.clear();
  clock.advance(2 * 201 + 10);
  assert.deepEqual(take(), ["web/e1 down -> up: connected"]);
  assert.equal(board.state("web", "e1"), 0);
  assert.ok(board.cleared.includes("e1"));
});

test("what is told of an endpoint holds its reason, its last check and how long it has been so", () => {
  const { clock, monitor } = createFixture([checked(1)]);
  clock.advance(500);
  const health = monitor.endpoint("web", "e0");
  assert.ok(health !== undefined && health.forMs > 490 && health.forMs < 500);
  assert.deepEqual(
    { ...health, forMs: 0 },
    {
      id: "e0",
      address: addressOf(0),
      state: "up",
      reason: "connected",
      forMs: 0,
      latencyMs: 1,
      ejections: 0,
      weightPercent: 100,
      checks: [{ name: "tcp", state: "up", reason: "connected" }],
    },
  );
  assert.deepEqual(monitor.status(), [{ cluster: "web", endpoints: [health] }]);
  assert.equal(monitor.endpoint("web", "e1"), undefined);
});

test("no more checks run at once than allowed, and a hanging endpoint does not stop the others", () => {
  const { clock, hung, running, probed } = createFixture(
    [checked(200, { health: [createHealthSpec({ intervalMs: 20 })] })],
    4,
  );
  hung.add(addressOf(7));
  clock.advance(200);
  assert.equal(running.most, 4);
  assert.equal(new Set(probed).size, 200);
});

test("the first checks of many endpoints are spread over the interval", () => {
  const { clock, probed } = createFixture([checked(1000)], 1000);
  clock.advance(100);
  assert.ok(probed.length >= 80 && probed.length <= 120, `${probed.length} checks in a tenth of the interval`);
});

test("an endpoint that workers report is ejected for its time, then used again", () => {
  const { clock, board, monitor, take } = createFixture([createClusterSpec(2)]);
  monitor.reportFailures("web", "e0", "consecutiveFailures");
  assert.equal(board.state("web", "e0"), State.EJECTED | State.UNKNOWN);
  assert.deepEqual(take(), ["web/e0 unknown -> ejected: 5 failures in a row, ejected for 30000 ms"]);
  clock.advance(29_999);
  assert.deepEqual(take(), []);
  clock.advance(1);
  assert.deepEqual(take(), ["web/e0 ejected -> unknown: ejection of 30000 ms is over"]);
  assert.ok(board.cleared.includes("e0"));
  monitor.reportFailures("web", "e0", "consecutiveFailures");
  assert.deepEqual(take(), ["web/e0 unknown -> ejected: 5 failures in a row, ejected for 60000 ms"]);
  assert.equal(monitor.status()[0].endpoints[0].ejections, 2);
});

test("the last usable endpoint is not ejected, which is told once and not at each report", () => {
  const { board, monitor, take } = createFixture([createClusterSpec(1)]);
  monitor.reportFailures("web", "e0", "consecutiveFailures");
  monitor.reportFailures("web", "e0", "consecutiveFailures");
  assert.equal(board.state("web", "e0"), State.UNKNOWN);
  assert.deepEqual(take(), [
    "web/e0 unknown -> unknown: 5 failures in a row, but not ejected: it is the last usable endpoint",
  ]);
});

test("an operator's drain is told, lasts over a reload, and does not hide what is found meanwhile", () => {
  const { clock, board, dead, monitor, update, take } = createFixture([checked(2)]);
  clock.advance(20);
  take();
  monitor.hold("web", "e0", true);
  monitor.hold("web", "e0", true);
  monitor.hold("web", "e9", true);
  assert.deepEqual(take(), ["web/e0 up -> draining: drained by an operator"]);
  update([checked(0, { endpoints: [createEndpointSpec(0, { weight: 3 }), createEndpointSpec(1)] })]);
  assert.equal(board.state("web", "e0"), State.HELD);
  dead.add(addressOf(0));
  clock.advance(2000);
  assert.deepEqual(take(), []);
  monitor.hold("web", "e0", false);
  assert.deepEqual(take(), ["web/e0 draining -> down: no longer drained by an operator"]);
});

test("each row of failures ejects with its own limit as the reason", () => {
  const outlier = createOutlierSpec({ consecutive5xx: 7, consecutiveLocal: 3 });
  const { monitor, take } = createFixture([createClusterSpec(4, { outlier })]);
  monitor.reportFailures("web", "e0", "consecutive5xx");
  monitor.reportFailures("web", "e1", "consecutiveLocal");
  assert.deepEqual(take(), [
    "web/e0 unknown -> ejected: 7 answers of 500 or above in a row, ejected for 30000 ms",
    "web/e1 unknown -> ejected: 3 connect failures, resets or timeouts in a row, ejected for 30000 ms",
  ]);
});

test("reports about endpoints that are out already, or gone, change nothing", () => {
  const { monitor, take } = createFixture([createClusterSpec(4)]);
  monitor.reportFailures("web", "e0", "consecutiveFailures");
  take();
  monitor.reportFailures("web", "e0", "consecutiveFailures");
  monitor.reportFailures("web", "e9", "consecutiveFailures");
  monitor.reportFailures("gone", "e0", "consecutiveFailures");
  assert.deepEqual(take(), []);
});

test("an endpoint that is both ejected and down stays down when the ejection ends", () => {
  const { clock, board, dead, monitor, take } = createFixture([checked(2)]);
  clock.advance(20);
  monitor.reportFailures("web", "e0", "consecutiveFailures");
  dead.add(addressOf(0));
  clock.advance(2000);
  take();
  clock.advance(30_000);
  assert.deepEqual(take(), []);
  assert.equal(board.state("web", "e0"), State.DOWN);
});

test("a reload keeps the state of what did not change, and asks about the rest", () => {
  const { clock, dead, board, monitor, update, take } = createFixture([checked(3)]);
  dead.add(addressOf(0));
  clock.advance(1000);
  take();
  const moved: Address = { family: "ip4", host: "127.0.0.2", port: 1 };
  const endpoints = [
    createEndpointSpec(0, { weight: 3 }),
    createEndpointSpec(1, { address: moved }),
    createEndpointSpec(5),
  ];
  update([checked(0, { endpoints })]);
  const status = monitor.status()[0].endpoints;
  assert.deepEqual(
    status.map(({ id, state }) => [id, state]),
    [
      ["e0", "down"],
      ["e1", "unknown"],
      ["e5", "unknown"],
    ],
  );
  assert.equal(status[0].reason, "connect refused");
  assert.equal(board.state("web", "e0"), State.DOWN);
  clock.advance(50);
  assert.deepEqual(take().sort(), ["web/e1 unknown -> up: connected", "web/e5 unknown -> up: connected"]);
});

test("a reload that changes how endpoints are checked does not bring dead ones back; one that removes checks does", () => {
  const { clock, dead, monitor, update, take } = createFixture([checked(2)]);
  dead.add(addressOf(0));
  clock.advance(1000);
  take();
  update([checked(2, { health: [createHealthSpec({ intervalMs: 5000, rise: 1 })] })]);
  assert.deepEqual(take(), []);
  assert.equal(monitor.status()[0].endpoints[0].state, "down");
  update([createClusterSpec(2)]);
  assert.deepEqual(take().sort(), [
    "web/e0 down -> unknown: the check was removed",
    "web/e1 up -> unknown: the check was removed",
  ]);
});

test("a weight of 0 is told as draining", () => {
  const { update, take } = createFixture([createClusterSpec(2)]);
  update([createClusterSpec(0, { endpoints: [createEndpointSpec(0, { weight: 0 }), createEndpointSpec(1)] })]);
  assert.deepEqual(take(), ["web/e0 unknown -> draining: weight 0"]);
});

test("after closing, and for clusters that are gone, no check and no timer remains", () => {
  const { clock, monitor, update, probed, hung, running } = createFixture([checked(3), checked(2, { name: "other" })]);
  hung.add(addressOf(2));
  clock.advance(500);
  monitor.reportFailures("web", "e0", "consecutiveFailures");
  update([checked(3)]);
  monitor.close();
  assert.equal(clock.pending, 0);
  assert.equal(running.now, 0);
  const count = probed.length;
  clock.advance(60_000);
  assert.equal(probed.length, count);
});
