import assert from "node:assert/strict";
import { test } from "node:test";
import { type Loaded, loadText } from "../config/load.js";
import type { ConfigError } from "../config/problem.js";
import type { Spec } from "../model/spec.js";
import type { LogRecord } from "../proxy/log-record.js";
import { type RunningProxy, run } from "./run.js";

const GOOD = "listeners: [{ address: ':0', cluster: a }]\nclusters: { a: { endpoints: [':1'] } }\ndrain: 5s\n";

/** Promise.withResolvers, which Node.js 20 does not have. */
function deferred() {
  let resolve!: () => void;
  const promise = new Promise<void>((yes) => {
    resolve = yes;
  });
  return { promise, resolve };
}

/** A proxy that only remembers what it was told, on a clock that the test moves. */
async function setUp(first = GOOD) {
  const file = { text: first };
  const records: LogRecord[] = [];
  const shown: ConfigError[] = [];
  const calls: string[] = [];
  const specs: Spec[] = [];
  const drained = deferred();
  const timers = new Set<{ readonly ms: number; readonly task: () => void }>();
  const supervisor: RunningProxy = {
    reload: async (spec) => {
      calls.push("reload");
      if (spec.drainMs === 666) throw new Error("port taken");
      specs.push(spec);
    },
    drain: () => {
      calls.push("drain");
      return drained.promise;
    },
    close: async () => void calls.push("close"),
    reopenLogs: () => void calls.push("reopen"),
    listening: [{ name: "a", address: { family: "ip4", host: "0.0.0.0", port: 4711 } }],
    admin: "127.0.0.1:4712",
  };
  const load = async (): Promise<Loaded> => loadText("a.yaml", file.text, { environment: {}, cores: 3 });
  const running = await run({
    source: "a.yaml",
    load,
    start: async (spec) => {
      specs.push(spec);
      return supervisor;
    },
    version: "1.2.3",
    log: (record) => void records.push(record),
    show: (error) => void shown.push(error),
    after: (ms, task) => {
      const timer = { ms, task };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  });
  const events = () => records.map(({ event }) => event);
  return { file, running, records, events, shown, calls, specs, drained, timers };
}

test("the start is logged with file, bound listeners and workers", async () => {
  const { records } = await setUp();
  assert.deepEqual(records, [
    {
      level: "info",
      event: "started",
      message: "running a.yaml",
      fields: { listeners: ["0.0.0.0:4711"], workers: 3, clusters: 1, admin: "127.0.0.1:4712" },
    },
  ]);
});

test("a bad configuration does not start", async () => {
  await assert.rejects(setUp("bogus: 1"), { name: "ConfigError" });
});

test("warnings are logged at the start", async () => {
  const { records } = await setUp(GOOD.replace("':1'", ""));
  assert.equal(records[0].event, "config_warning");
  assert.equal(records[0].fields?.at, "a.yaml:2:29");
});

test("a changed file is taken, an unchanged one only when asked for", async () => {
  const { file, running, calls, specs } = await setUp();
  await running.reload(false);
  assert.deepEqual(calls, []);
  await running.reload(true);
  assert.deepEqual(calls, ["reload"]);
  file.text = GOOD.replace("5s", "6s");
  await running.reload(false);
  assert.deepEqual(calls, ["reload", "reload"]);
  assert.equal(specs.at(-1)?.drainMs, 6000);
});

test("a bad file is shown and not taken, and the next good one is", async () => {
  const { file, running, calls, shown, events } = await setUp();
  file.text = GOOD.replace("cluster: a", "cluster: b");
  await running.reload(false);
  assert.deepEqual(calls, []);
  assert.match(shown[0].message, /there is no cluster b/);
  file.text = GOOD.replace("5s", "6s");
  await running.reload(false);
  assert.deepEqual(events(), ["started", "reload_failed", "reloaded"]);
});

test("a configuration that the proxy cannot apply is tried again when the file is touched", async () => {
  const { file, running, calls, events } = await setUp();
  file.text = GOOD.replace("5s", "666ms");
  await running.reload(false);
  await running.reload(false);
  assert.deepEqual(calls, ["reload", "reload"]);
  assert.deepEqual(events(), ["started", "reload_failed", "reload_failed"]);
});

test("reloads happen one after the other", async () => {
  const { file, running, specs } = await setUp();
  file.text = GOOD.replace("5s", "6s");
  const first = running.reload(true);
  const second = running.reload(true).then(() => specs.length);
  await first;
  assert.equal(await second, 3);
});

test("stopping drains, then closes, and ends with 0", async () => {
  const { running, calls, drained, timers } = await setUp();
  const stopped = running.stop();
  drained.resolve();
  assert.equal(await stopped, 0);
  assert.deepEqual(calls, ["drain", "close"]);
  assert.equal(timers.size, 0, "no timer is left");
});

test("a worker that hangs while draining does not keep the process", async () => {
  const { running, calls, timers, events } = await setUp();
  const stopped = running.stop();
  while (timers.size === 0) await Promise.resolve();
  const [timer] = timers;
  assert.equal(timer.ms, 7000, "drain, and 2 s more");
  timer.task();
  assert.equal(await stopped, 0);
  assert.deepEqual(calls, ["drain", "close"]);
  assert.ok(events().includes("drain_hangs"));
});

test("nothing is reloaded any more once stopping has begun", async () => {
  const { running, calls, drained } = await setUp();
  const stopped = running.stop();
  await running.reload(true);
  drained.resolve();
  await stopped;
  assert.deepEqual(calls, ["drain", "close"]);
});
