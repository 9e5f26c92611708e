/** Contract: listeners, timers, wake-ups. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { Bench } from "./bench.js";
import { dial, LOOPBACK, LOOPBACK6, unixAddress } from "./peer.js";
import type { EngineVariant } from "./variant.js";

export function lifecycleContract(kind: EngineVariant): void {
  test(`${kind}: reports the port that it was given for port 0`, async (t) => {
    const bench = await Bench.start(t, kind);
    for (const at of [LOOPBACK, LOOPBACK6]) {
      const address = await bench.listen(at);
      assert.ok(address.family !== "unix" && address.port > 0);
      await dial(bench, address);
    }
  });

  test(`${kind}: stops accepting when a listener closes, and keeps its connections`, async (t) => {
    const bench = await Bench.start(t, kind);
    await bench.react("data", { do: "echo", seed: 1 });
    const address = await bench.listen();
    const peer = await dial(bench, address);
    await bench.take("accept");
    bench.tell({ do: "unlisten" }, { do: "unlisten" }, { do: "timers", afterMs: [1] });
    await bench.take("timer");
    await assert.rejects(dial(bench, address), { code: "ECONNREFUSED" });
    peer.socket.write("still here");
    assert.equal(await peer.received(10), "still here");
    bench.tell({ do: "listen", at: address });
    assert.deepEqual((await bench.take("listening")).address, address, "the address can be bound again at once");
  });

  test(`${kind}: fires timers in order, never early`, async (t) => {
    const bench = await Bench.start(t, kind);
    const afterMs = [90, 5, 40, 0, 41, 12];
    bench.tell({ do: "timers", afterMs });
    let last = -1;
    for (const _ of afterMs) {
      const timer = await bench.take("timer");
      assert.ok(timer.tookMs >= timer.afterMs - 0.001, `${timer.tookMs} ms for ${timer.afterMs}`);
      // Two timers within one tick may come in either order.
      assert.ok(timer.afterMs >= last - 8);
      last = Math.max(last, timer.afterMs);
    }
  });

  test(`${kind}: sets a timer that is due sooner than the one it sleeps for`, async (t) => {
    const bench = await Bench.start(t, kind);
    bench.tell({ do: "timers", afterMs: [60_000] });
    await bench.look();
    bench.tell({ do: "timers", afterMs: [5] });
    const timer = await bench.take("timer");
    assert.equal(timer.afterMs, 5);
    assert.ok(timer.tookMs < 10_000);
  });

  test(`${kind}: wakes up for every message of another thread`, async (t) => {
    const bench = await Bench.start(t, kind);
    for (let i = 0; i < 300; i++) await bench.look();
    bench.tell(...Array.from({ length: 300 }, () => ({ do: "look" }) as const));
    for (let i = 0; i < 300; i++) await bench.take("looked");
  });

  test(`${kind}: shares a port with another engine`, { skip: portSharing(kind) }, async (t) => {
    const benches = [await Bench.start(t, kind, { reusePort: true }), await Bench.start(t, kind, { reusePort: true })];
    const address = await benches[0].listen();
    await benches[1].listen(address);
    // The kernel spreads connections by hash: with 64 of them both get some, but for a chance of 2^-63.
    for (let i = 0; i < 64; i++) await dial(benches[0], address);
    for (const bench of benches) await bench.take("accept");
    await Promise.all(benches.map((bench) => bench.finish()));
  });

  test(`${kind}: takes over a unix socket file that a dead process left`, { skip: stale(kind) }, async (t) => {
    const bench = await Bench.start(t, kind);
    const at = unixAddress(t);
    const code = `require("node:net").createServer().listen(${JSON.stringify(at.path)}, () => process.kill(process.pid, 9))`;
    await once(spawn(process.execPath, ["-e", code]), "exit");
    await dial(bench, await bench.listen(at));
    await bench.take("accept");
    bench.tell({ do: "listen", at });
    assert.match((await bench.take("failed")).message, /in use/, "but not from a process that listens");
    await dial(bench, at);
  });
}

function portSharing(kind: EngineVariant): string | false {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const has = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
  return kind === "node" && !has ? "net.Server has no reusePort before Node 22.12" : false;
}

function stale(kind: EngineVariant): string | false {
  return kind === "node" ? "net cannot tell synchronously whether anybody listens" : false;
}
