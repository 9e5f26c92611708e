import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { createProcessMeter } from "./process-figures.js";

describe("process meter", () => {
  it("reads plausible figures of this process", () => {
    const meter = createProcessMeter();
    const figures = meter.read();
    meter.close();
    assert.equal(figures.nodeVersion, process.version);
    assert.ok(figures.cpuSeconds > 0 && figures.uptimeSeconds > 0);
    assert.ok(figures.residentBytes > 10_000_000);
    assert.ok(Math.abs(figures.startedAt + figures.uptimeSeconds - Date.now() / 1000) < 5);
    assert.equal(figures.openFiles === undefined, !existsSync("/proc/self/fd"));
    assert.ok(figures.openFiles === undefined || figures.openFiles >= 3);
  });

  it("has no delay before the loop turned, and sees a loop that was held up", async () => {
    const meter = createProcessMeter();
    assert.deepEqual(meter.read().loopDelay, { meanMs: 0, p99Ms: 0, maxMs: 0 });
    const turn = () => new Promise((resolve) => setTimeout(resolve, 101));
    await turn();
    const until = performance.now() + 160;
    while (performance.now() < until);
    await turn();
    await turn();
    const { maxMs } = meter.read().loopDelay;
    meter.close();
    assert.ok(maxMs > 30, `${maxMs} ms`);
  });
});
