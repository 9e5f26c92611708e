/** Contract: bytes arrive whole, in order and on the right connection. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { createRandom } from "../../base/random.js";
import type { Address } from "../../model/address.js";
import { Bench } from "./bench.js";
import { dial, LOOPBACK, LOOPBACK6, type Peer, serve, unixAddress } from "./peer.js";
import { patternByte } from "./protocol.js";
import type { EngineVariant } from "./variant.js";

const SEED = 20_240_611;

function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Sends `data` in random pieces, ends, and checks that the same bytes come back before the FIN. */
async function roundTrip(peer: Peer, data: Buffer, seed: number): Promise<void> {
  const random = createRandom(seed);
  const pieces = (): number => 1 + random.below(random.below(4) === 0 ? 60_000 : 900);
  await peer.write(data, pieces);
  peer.socket.end();
  assert.equal(await peer.ending(), "fin", "the echo ends in order");
  assert.equal(peer.size, data.length, `seed ${seed}`);
  assert.equal(peer.digest(), sha256(data), `bytes differ, seed ${seed}`);
}

export function transferContract(kind: EngineVariant): void {
  for (const [name, at] of [
    ["TCP over IPv4", () => LOOPBACK],
    ["TCP over IPv6", () => LOOPBACK6],
    ["a unix socket", unixAddress],
  ] as const) {
    test(`${kind}: echoes over ${name}`, async (t) => {
      const bench = await Bench.start(t, kind);
      await bench.react("data", { do: "echo", seed: 1 });
      const peer = await dial(bench, await bench.listen(at(t)));
      peer.socket.write("ahoy");
      assert.equal(await peer.received(4), "ahoy");
    });
  }

  test(`${kind}: carries megabytes unchanged, whatever the sizes of the pieces`, async (t) => {
    const bench = await Bench.start(t, kind);
    bench.tell({ do: "mute", except: [] });
    await bench.react("data", { do: "echo", seed: SEED });
    await bench.react("end", { do: "end" });
    const peer = await dial(bench, await bench.listen());
    await roundTrip(peer, randomBytes(12_000_000), SEED);
  });

  test(`${kind}: carries many connections at once without mixing them up`, async (t) => {
    const bench = await Bench.start(t, kind);
    bench.tell({ do: "mute", except: [] });
    await bench.react("data", { do: "echo", seed: SEED });
    await bench.react("end", { do: "end" });
    const address = await bench.listen();
    const peers = await Promise.all(Array.from({ length: 150 }, () => dial(bench, address)));
    await Promise.all(peers.map((peer, i) => roundTrip(peer, randomBytes(100_000), SEED + i)));
    assert.equal((await bench.look()).stats.accepted, 150);
  });

  for (const family of ["ip4", "unix"] as const) {
    test(`${kind}: relays both ways at full speed and ends both ends in order (${family})`, async (t) => {
      const bench = await Bench.start(t, kind, { highWaterBytes: 65_536, lowWaterBytes: 16_384 });
      const upstream = await serve(bench, family === "unix" ? unixAddress(t) : LOOPBACK);
      bench.tell({ do: "mute", except: ["close"] });
      await bench.react("accept", { do: "relay", to: upstream.address });
      await bench.react("data", { do: "pass" });
      const near = await dial(bench, await bench.listen(family === "unix" ? unixAddress(t) : LOOPBACK));
      const far = await upstream.next();
      const up = randomBytes(6_000_000);
      const down = randomBytes(7_000_000);
      const random = createRandom(SEED);
      const pieces = (): number => 1 + random.below(40_000);
      await Promise.all([near.write(up, pieces), far.write(down, pieces)]);
      near.socket.end();
      assert.equal(await far.ending(), "fin");
      far.socket.end();
      assert.equal(await near.ending(), "fin");
      assert.equal(far.digest(), sha256(up));
      assert.equal(near.digest(), sha256(down));
      assert.equal((await bench.take("close")).reason, 0);
      assert.equal((await bench.take("close")).reason, 0);
    });
  }

  test(`${kind}: sends what was queued before the connection opened, first and in order`, async (t) => {
    const bench = await Bench.start(t, kind);
    const upstream = await serve(bench);
    await bench.react("open", { do: "send", text: "three" });
    const connect = { do: "connect", to: upstream.address, timeoutMs: 5000 } as const;
    bench.tell(connect, { do: "send", conn: 0, text: "one" }, { do: "send", conn: 0, text: "two" });
    await bench.take("open", 0);
    const far = await upstream.next();
    assert.equal(await far.received(11), "onetwothree");
  });

  test(`${kind}: ends a connection that was ended while it was connecting, after what was queued`, async (t) => {
    const bench = await Bench.start(t, kind);
    const upstream = await serve(bench);
    const connect = { do: "connect", to: upstream.address, timeoutMs: 5000 } as const;
    bench.tell(connect, { do: "send", conn: 0, text: "farewell" }, { do: "end", conn: 0 });
    const far = await upstream.next();
    assert.equal(await far.ending(), "fin");
    assert.equal(far.text, "farewell");
    far.socket.end();
    assert.equal((await bench.take("close", 0)).reason, 0);
  });

  test(`${kind}: sends hundreds of small pieces from one callback in order`, async (t) => {
    const bench = await Bench.start(t, kind);
    const words = Array.from({ length: 300 }, (_, i) => `word ${i};`);
    await bench.react("accept", ...words.map((text) => ({ do: "send", text }) as const));
    const peer = await dial(bench, await bench.listen());
    const expected = words.join("");
    assert.equal((await peer.received(expected.length)).slice(0, 4096), expected.slice(0, 4096));
  });

  test(`${kind}: ignores an empty range`, async (t) => {
    const bench = await Bench.start(t, kind);
    await bench.react(
      "accept",
      { do: "send", text: "" },
      { do: "send", text: "x" },
      { do: "send", text: "" },
      { do: "end" },
    );
    const peer = await dial(bench, await bench.listen());
    assert.equal(await peer.ending(), "fin");
    assert.equal(peer.text, "x");
  });

  test(`${kind}: fills a connection from its own drain events`, async (t) => {
    const bench = await Bench.start(t, kind, { highWaterBytes: 65_536, lowWaterBytes: 16_384 });
    const bytes = 5_000_000;
    await bench.react("accept", { do: "fill", bytes });
    const peer = await dial(bench, await bench.listen());
    await peer.received(bytes);
    assert.equal(peer.digest(), sha256(Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => patternByte(i)))));
  });

  test(`${kind}: knows both addresses of a connection`, async (t) => {
    const bench = await Bench.start(t, kind);
    const listening: Address = await bench.listen(LOOPBACK6);
    const peer = await dial(bench, listening);
    const { conn } = await bench.take("accept");
    const look = await bench.look(conn);
    assert.deepEqual(look.local, listening);
    assert.deepEqual(look.peer, { family: "ip6", host: "::1", port: peer.socket.localPort });
    await dial(bench, await bench.listen(unixAddress(t)));
    const unix = await bench.look((await bench.take("accept")).conn);
    assert.equal(unix.peer, undefined, "a unix peer has no address");
  });
}
