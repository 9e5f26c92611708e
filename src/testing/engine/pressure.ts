/** Contract: backpressure both ways, and a pool of buffers that nobody can take away from the others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench } from "./bench.js";
import { dial } from "./peer.js";
import type { EngineVariant } from "./variant.js";

export function pressureContract(kind: EngineVariant): void {
  test(`${kind}: is congested by a peer that does not read, and drains when it reads`, async (t) => {
    const bench = await Bench.start(t, kind, { highWaterBytes: 100_000, lowWaterBytes: 30_000 });
    const peer = await dial(bench, await bench.listen());
    const { conn } = await bench.take("accept");
    assert.equal((await bench.look(conn)).congested, false);
    peer.socket.pause();
    bench.tell({ do: "fill", conn, bytes: 30_000_000 });
    const look = await bench.look(conn);
    assert.equal(look.congested, true);
    assert.ok(look.unsent > 100_000 - 16_384 && look.unsent < 200_000, `unsent ${look.unsent}`);
    assert.equal(bench.has("drain"), false);
    peer.socket.resume();
    await bench.take("drain", conn);
    await peer.received(30_000_000);
    const after = await bench.look(conn);
    assert.equal(after.unsent, 0);
    assert.equal(after.congested, false);
  });

  test(`${kind}: stops reading while paused, and loses nothing`, async (t) => {
    const bench = await Bench.start(t, kind);
    const total = 30_000_000;
    bench.tell({ do: "mute", except: ["accept", "data"] });
    await bench.react("data", { do: "pause" });
    const peer = await dial(bench, await bench.listen());
    const { conn } = await bench.take("accept");
    const written = peer.write(Buffer.alloc(total), () => 100_000).then(() => "written" as const);
    let size = (await bench.take("data", conn)).size;
    // What the kernel can hold is far less than what is sent: the writer must be stuck.
    bench.tell({ do: "timers", afterMs: [100] });
    assert.equal(await Promise.race([written, bench.take("timer")]).then((r) => typeof r), "object");
    while (bench.has("data")) size += (await bench.take("data")).size;
    assert.ok(size <= 2_000_000, `${size} bytes came although paused`);
    await bench.react("data");
    bench.tell({ do: "resume", conn }, { do: "resume", conn });
    while (size < total) size += (await bench.take("data", conn)).size;
    assert.equal(size, total);
    assert.equal(await written, "written");
  });

  test(`${kind}: may pause and resume in every chunk`, async (t) => {
    const bench = await Bench.start(t, kind);
    bench.tell({ do: "mute", except: ["end", "data"] });
    await bench.react("data", { do: "pause" }, { do: "resume" }, { do: "pause" }, { do: "resume" });
    const peer = await dial(bench, await bench.listen());
    peer.socket.end(Buffer.alloc(3_000_000));
    await bench.take("end");
    let size = 0;
    while (bench.has("data")) size += (await bench.take("data")).size;
    assert.equal(size, 3_000_000);
  });

  test(`${kind}: delivers data and FIN that came while paused, in order`, async (t) => {
    const bench = await Bench.start(t, kind);
    await bench.react("accept", { do: "pause" });
    const peer = await dial(bench, await bench.listen());
    const { conn } = await bench.take("accept");
    peer.socket.end("held back");
    bench.tell({ do: "timers", afterMs: [30] });
    await bench.take("timer");
    assert.equal(bench.has("data"), false);
    assert.equal(bench.has("end"), false);
    bench.tell({ do: "resume", conn });
    assert.equal(await bench.text(conn, 9), "held back");
    await bench.take("end", conn);
  });

  test(`${kind}: serves others while many readers are stalled and buffers are few`, async (t) => {
    const bench = await Bench.start(t, kind, { buffers: 64, highWaterBytes: 131_072, lowWaterBytes: 32_768 });
    bench.tell({ do: "mute", except: [] });
    await bench.react("data", { do: "echo", seed: 3 });
    const address = await bench.listen();
    const flood = Buffer.alloc(12_000_000, "stalled");
    for (let i = 0; i < 32; i++) {
      const stalled = await dial(bench, address);
      stalled.socket.pause();
      stalled.socket.write(flood);
    }
    for (let i = 0; i < 20; i++) {
      const peer = await dial(bench, address);
      for (let round = 0; round < 5; round++) {
        peer.socket.write("x".repeat(1000));
        await peer.received(1000 * (round + 1));
      }
      peer.socket.destroy();
    }
  });

  test(`${kind}: waits for buffers when all are in use, and goes on when some come back`, async (t) => {
    const bench = await Bench.start(t, kind, { buffers: 32 });
    bench.tell({ do: "mute", except: ["accept", "data"] });
    await bench.react("data", { do: "keep" });
    const address = await bench.listen();
    const total = 600_000;
    const peers = await Promise.all(Array.from({ length: 4 }, () => dial(bench, address)));
    for (const peer of peers) peer.socket.write(Buffer.alloc(total));
    let look = await bench.look();
    while (look.stats.starved === 0) look = await bench.look();
    assert.ok(look.used <= 32);
    let size = 0;
    while (size < total * peers.length) {
      bench.tell({ do: "drop" });
      size += (await bench.take("data")).size;
    }
    await bench.react("data", { do: "echo", seed: 1 });
    const late = await dial(bench, address);
    bench.tell({ do: "drop" });
    late.socket.write("after the famine");
    assert.equal(await late.received(16), "after the famine");
  });

  test(`${kind}: closes connections that wait for a buffer`, async (t) => {
    const bench = await Bench.start(t, kind, { buffers: 16 });
    bench.tell({ do: "mute", except: ["accept"] });
    await bench.react("data", { do: "keep" });
    const address = await bench.listen();
    for (let i = 0; i < 4; i++) (await dial(bench, address)).socket.write(Buffer.alloc(400_000));
    for (let i = 0; i < 4; i++) await bench.take("accept");
    let look = await bench.look();
    while (look.stats.starved < 2) look = await bench.look();
    for (const conn of [0, 1, 2, 3]) bench.tell({ do: conn % 2 === 0 ? "destroy" : "reset", conn });
    bench.tell({ do: "drop" });
    assert.equal((await bench.look()).stats.open, 0);
  });
}
