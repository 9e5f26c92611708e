/** Contract: a process without free descriptors rests, and goes on when it has some. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Close } from "../../engine/engine.js";
import type { Address } from "../../model/address.js";
import { Bench } from "./bench.js";
import { dial, type Peer, serve } from "./peer.js";
import type { EngineVariant } from "./variant.js";

const DESCRIPTORS = 64;
const WATCH_MS = 500;

/** More connections than the engine's process can accept. */
async function crowd(bench: Bench, address: Address): Promise<Peer[]> {
  return Promise.all(Array.from({ length: DESCRIPTORS * 2 }, () => dial(bench, address)));
}

export function exhaustionContract(kind: EngineVariant): void {
  const skip = process.platform === "win32" ? "no limit of descriptors to set" : false;

  test(`${kind}: neither spins nor fails when descriptors run out, and serves again afterwards`, {
    skip,
  }, async (t) => {
    const bench = await Bench.start(t, kind, {}, DESCRIPTORS);
    bench.tell({ do: "mute", except: [] });
    await bench.react("data", { do: "echo", seed: 1 });
    await bench.react("end", { do: "end" });
    const address = await bench.listen();
    const peers = await crowd(bench, address);
    bench.tell({ do: "usage" });
    const before = await bench.take("used");
    bench.tell({ do: "timers", afterMs: [WATCH_MS] });
    await bench.take("timer");
    bench.tell({ do: "usage" });
    const after = await bench.take("used");
    assert.ok(after.cpuMs - before.cpuMs < WATCH_MS / 2, `${after.cpuMs - before.cpuMs} ms of CPU in ${WATCH_MS} ms`);
    for (const peer of peers) peer.socket.destroy();
    while ((await bench.look()).stats.open > 0);
    const late = await dial(bench, address);
    late.socket.write("served");
    assert.equal(await late.received(6), "served");
  });

  test(`${kind}: leaves connections waiting until it has descriptors for them`, {
    skip: skip || drops(kind),
  }, async (t) => {
    const bench = await Bench.start(t, kind, {}, DESCRIPTORS);
    bench.tell({ do: "mute", except: [] });
    await bench.react("data", { do: "echo", seed: 1 });
    await bench.react("end", { do: "end" });
    const peers = await crowd(bench, await bench.listen());
    let look = await bench.look();
    while (look.stats.acceptPaused === 0) look = await bench.look();
    assert.ok(look.stats.accepted < DESCRIPTORS);
    // Each is served, then leaves its descriptor to another.
    for (const [i, peer] of peers.entries()) {
      peer.socket.write(`turn ${i}`);
      assert.equal(await peer.received(`turn ${i}`.length), `turn ${i}`);
      peer.socket.destroy();
    }
    look = await bench.look();
    assert.equal(look.stats.accepted, peers.length);
    assert.ok(look.stats.acceptPaused < 100, "it pauses, instead of trying all the time");
  });

  test(`${kind}: reports connect() without a descriptor as unreachable`, { skip }, async (t) => {
    const bench = await Bench.start(t, kind, {}, DESCRIPTORS);
    const upstream = await serve(bench);
    bench.tell({ do: "mute", except: ["close"] });
    const connect = { do: "connect", to: upstream.address, timeoutMs: 5000 } as const;
    bench.tell(...Array.from({ length: DESCRIPTORS }, () => connect));
    assert.equal((await bench.take("close")).reason, Close.UNREACHABLE);
  });
}

function drops(kind: EngineVariant): string | false {
  return kind === "node" ? "libuv drops connections that it has no descriptor for" : false;
}
