import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { onSignals } from "./signals.js";

function setUp() {
  const source = new EventEmitter();
  const calls: (string | number)[] = [];
  onSignals(source, {
    log: () => {},
    stop: () => calls.push("stop"),
    reload: () => calls.push("reload"),
    exit: (code) => calls.push(code),
  });
  return { source, calls };
}

test("the first SIGTERM drains, the second exits at once with 143", () => {
  const { source, calls } = setUp();
  source.emit("SIGTERM");
  source.emit("SIGTERM");
  assert.deepEqual(calls, ["stop", 143]);
});

test("SIGINT after SIGTERM exits at once with 130", () => {
  const { source, calls } = setUp();
  source.emit("SIGTERM");
  source.emit("SIGINT");
  assert.deepEqual(calls, ["stop", 130]);
});

test("SIGHUP reloads, any number of times", () => {
  const { source, calls } = setUp();
  source.emit("SIGHUP");
  source.emit("SIGHUP");
  assert.deepEqual(calls, ["reload", "reload"]);
});
