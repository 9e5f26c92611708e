import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding } from "../discovery/source.js";
import type { ClusterSpec, DiscoverySpec } from "../model/spec.js";
import { FakeClock } from "../testing/fake-clock.js";
import { createClusterSpec, createEndpointSpec } from "../testing/specs.js";
import { Discoveries } from "./discoveries.js";
import type { LogRecord } from "./log-record.js";

const file = (path: string): DiscoverySpec => ({ kind: "file", path });
const set = (...indices: number[]): Finding => {
  return { endpoints: indices.map((index) => createEndpointSpec(index)), problem: undefined };
};
const failed = (problem: string): Finding => ({ endpoints: undefined, problem });

/** Sources that say what the test tells them to, by path. */
function setUp() {
  const clock = new FakeClock();
  const log: LogRecord[] = [];
  const sources = new Map<string, (finding: Finding) => void>();
  const closed: string[] = [];
  let changes = 0;
  const discoveries = new Discoveries({
    clock,
    log: (record) => log.push(record),
    createSource: (spec) => (found) => {
      assert.ok(spec.kind === "file");
      sources.set(spec.path, found);
      return { close: () => void closed.push(spec.path) };
    },
    onChange: () => changes++,
  });
  const cluster = (path: string | undefined, own = 0): ClusterSpec =>
    createClusterSpec(own, { discover: path === undefined ? undefined : file(path) });
  const ids = (spec: ClusterSpec) => discoveries.merge(spec).map((one) => `${one.origin} ${one.spec.id}`);
  return { clock, log, sources, closed, discoveries, cluster, ids, changes: () => changes };
}

test("a configuration waits for the first answer of its new sources, and not for ever", async () => {
  const { clock, log, sources, discoveries, cluster, ids } = setUp();
  const spec = cluster("a");
  const answered = discoveries.prepare([spec]);
  sources.get("a")!(set(1));
  await answered;
  discoveries.commit();
  assert.deepEqual(ids(spec), ["file e1"]);
  const silent = discoveries.prepare([cluster("b")]);
  clock.advance(5000);
  await silent;
  assert.deepEqual(ids(cluster("b")), []);
  assert.equal(log.at(-1)?.event, "discovery_slow");
  assert.equal(clock.pending, 0);
});

test("a set that changes asks once for a merge, one that does not asks for none", async () => {
  const { sources, discoveries, cluster, ids, log, changes } = setUp();
  const spec = cluster("a", 1);
  const ready = discoveries.prepare([spec]);
  const tell = sources.get("a")!;
  tell(set(1));
  await ready;
  assert.equal(changes(), 0, "nobody has merged it yet");
  assert.deepEqual(ids(spec), ["config e0", "file e1"]);
  tell(set(1));
  assert.equal(changes(), 0);
  tell(set(1, 2));
  tell(set(2));
  assert.equal(changes(), 1, "changes before the merge are merged together");
  assert.deepEqual(ids(spec), ["config e0", "file e2"]);
  assert.match(log.at(-1)!.message, /1 endpoints: 1 removed$/);
});

test("a failure keeps the last set, is told once per reason, and is over with the next good look", async () => {
  const { sources, discoveries, cluster, ids, log } = setUp();
  const spec = cluster("a");
  const ready = discoveries.prepare([spec]);
  const tell = sources.get("a")!;
  tell(set(1, 2));
  await ready;
  discoveries.commit();
  log.length = 0;
  for (const problem of ["broken", "broken", "gone"]) tell(failed(problem));
  assert.deepEqual(ids(spec), ["file e1", "file e2"]);
  assert.deepEqual(discoveries.status("web"), {
    source: "file a",
    endpoints: 2,
    updates: 1,
    failures: 3,
    problem: "gone",
  });
  tell(set(1, 2));
  assert.deepEqual(
    log.map(({ event }) => event),
    ["discovery_failed", "discovery_failed", "discovery_recovered"],
  );
  assert.equal(discoveries.status("web")?.problem, undefined);
});

test("sources go on over reloads that do not change them, end with those that do, and survive refused ones", async () => {
  const { clock, sources, closed, discoveries, cluster, ids } = setUp();
  const ready = discoveries.prepare([cluster("a")]);
  sources.get("a")!(set(1));
  await ready;
  discoveries.commit();
  await discoveries.prepare([cluster("a", 1)]);
  discoveries.commit();
  assert.deepEqual(closed, []);
  assert.deepEqual(ids(cluster("a")), ["file e1"]);
  const refused = discoveries.prepare([cluster("b")]);
  clock.advance(5000);
  await refused;
  discoveries.abandon();
  assert.deepEqual(closed, ["b"]);
  assert.deepEqual(ids(cluster("a")), ["file e1"]);
  await discoveries.prepare([cluster(undefined, 1)]);
  discoveries.commit();
  assert.deepEqual(closed, ["b", "a"]);
  assert.equal(discoveries.status("web"), undefined);
});
