import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../base/random.js";
import { State } from "../../model/cells.js";
import type { HealthSpec } from "../../model/spec.js";
import { FakeClock } from "../../testing/fake-clock.js";
import { createClusterSpec, createHealthSpec } from "../../testing/specs.js";
import { HealthMonitor } from "./monitor.js";
import { addressOf, createFixture, FakeBoard } from "./monitor.test.support.js";
import type { Probe } from "./probe.js";

const port = (index: number, changes: Partial<HealthSpec> = {}): HealthSpec =>
  createHealthSpec({ name: `at-${9100 + index}`, port: 9100 + index, ...changes });

test("an endpoint is up only when each of its checks says so, and the reason names the check", () => {
  const health = [createHealthSpec(), port(0)];
  const { clock, dead, board, monitor, take } = createFixture([createClusterSpec(1, { health })]);
  clock.advance(20);
  assert.deepEqual(take(), ["web/e0 unknown -> up: tcp: connected"]);
  dead.add("127.0.0.1:9100");
  clock.advance(2000);
  assert.deepEqual(take(), ["web/e0 up -> down: at-9100: connect refused"]);
  dead.add(addressOf(0));
  clock.advance(2000);
  dead.delete("127.0.0.1:9100");
  clock.advance(1000);
  assert.deepEqual(take(), []);
  assert.equal(board.state("web", "e0"), State.DOWN);
  dead.clear();
  clock.advance(1000);
  assert.deepEqual(take()[0], "web/e0 down -> up: tcp: connected");
  const { checks } = monitor.counts("web");
  assert.deepEqual(
    checks.map(({ check }) => check),
    ["tcp", "at-9100"],
  );
  for (const { passed, failed } of checks) assert.ok(passed > 2 && failed > 2);
});

test("each check has its own interval", () => {
  const slow = port(0, { intervalMs: 10_000 });
  const { clock, probed } = createFixture([createClusterSpec(1, { health: [createHealthSpec(), slow] })]);
  clock.advance(9900);
  const count = (address: string): number => probed.filter((one) => one === address).length;
  assert.equal(count(addressOf(0)), 10);
  assert.equal(count("127.0.0.1:9100"), 1);
});

test("a reload keeps the checks that did not change, and forgets the word of those that went", () => {
  const { clock, dead, probed, update, take } = createFixture([
    createClusterSpec(1, { health: [createHealthSpec(), port(0)] }),
  ]);
  dead.add("127.0.0.1:9100");
  clock.advance(5000);
  take();
  probed.length = 0;
  update([createClusterSpec(1, { health: [createHealthSpec()] })]);
  assert.deepEqual(take(), ["web/e0 down -> up: connected"]);
  clock.advance(900);
  assert.ok(probed.length <= 1, "the check that stayed was not started anew");
});

const agent = createHealthSpec({ name: "agent", check: { kind: "agent" }, port: 9100 });

test("an agent's word is taken at once: down, weight, limit and drain, each until it says otherwise", () => {
  const health = [createHealthSpec(), agent];
  const { clock, board, said, monitor, take } = createFixture([createClusterSpec(2, { health })]);
  const say = (line: string): string[] => {
    said.set("127.0.0.1:9100", line);
    clock.advance(1010);
    return take().filter((event) => event.startsWith("web/e0"));
  };
  assert.deepEqual(say("up 100%"), ["web/e0 unknown -> up: tcp: connected"]);
  assert.deepEqual(say("75% maxconn:9"), []);
  assert.equal(monitor.endpoint("web", "e0")?.weightPercent, 75);
  assert.deepEqual(say("down#disk full"), ["web/e0 up -> down: agent: down#disk full"]);
  assert.deepEqual(say("drain"), ["web/e0 down -> draining: its agent says drain"]);
  assert.deepEqual(say("up"), []);
  assert.equal(board.state("web", "e0"), State.RETIRING);
  assert.deepEqual(say("ready"), ["web/e0 draining -> up: its agent says ready"]);
  assert.deepEqual(say("0%"), ["web/e0 up -> draining: its agent says 0%"]);
  assert.deepEqual(say("100% maxconn:0"), ["web/e0 draining -> up: its agent says 100% maxconn:0"]);
  assert.deepEqual(
    board.overlays.filter((line) => line.startsWith("e0")),
    ["e0 75%", "e0 at most 9", "e0 0%", "e0 100%", "e0 at most 0"],
  );
});

test("an agent that is missing or not understood changes nothing, which is told once", () => {
  const { clock, said, take, board } = createFixture([createClusterSpec(1, { health: [agent] })]);
  clock.advance(3000);
  assert.deepEqual(take(), ["web/e0 unknown -> unknown: the agent's word is missing: connect refused"]);
  said.set("127.0.0.1:9100", "drain");
  clock.advance(1100);
  assert.equal(board.state("web", "e0"), State.RETIRING);
  take();
  said.set("127.0.0.1:9100", "up down");
  clock.advance(3000);
  assert.deepEqual(take(), ["web/e0 draining -> draining: the agent's word is missing: up down"]);
});

test("an endpoint whose agent is no longer asked has its weight and its limit back", () => {
  const { clock, board, said, update, take } = createFixture([createClusterSpec(1, { health: [agent] })]);
  said.set("127.0.0.1:9100", "drain 50% maxconn:3");
  clock.advance(100);
  take();
  update([createClusterSpec(1)]);
  assert.deepEqual(take(), [
    "web/e0 draining -> up: its agent is not asked any more",
    "web/e0 up -> unknown: the check was removed",
  ]);
  assert.deepEqual(board.overlays, ["e0 50%", "e0 at most 3", "e0 100%", "e0 at most 0"]);
});

test("10 000 endpoints with three checks each begin without a storm and go on evenly", () => {
  const random = createRandom(1);
  const health = [0, 1, 2].map((index) => port(index, { intervalMs: 5000, jitter: 0.2 }));
  const spec = createClusterSpec(10_000, { health });
  const clock = new FakeClock();
  const board = new FakeBoard();
  board.assign([spec]);
  const perTick = new Array<number>(300).fill(0);
  const probe: Probe = (_address, _check, _timeoutMs, done) => {
    perTick[Math.floor(clock.now() / 50)]++;
    return clock.after(1, () => done({ ok: true, reason: "connected", latencyMs: 1 }));
  };
  const quiet = { sampler: () => undefined, onEvent: () => {} };
  const monitor = new HealthMonitor({ board, clock, random, probe, maxProbes: 1000, ...quiet });
  monitor.update([spec]);
  clock.advance(14_990);
  monitor.close();
  // Evenly spread it is 300 in 50 ms: 30 000 checks in 5 s.
  assert.ok(Math.max(...perTick) < 450, `${Math.max(...perTick)} checks began within 50 ms`);
  const all = perTick.reduce((sum, count) => sum + count, 0);
  assert.ok(all > 85_000 && all < 95_000, `${all} checks in three intervals`);
  assert.equal(clock.pending, 0);
});
