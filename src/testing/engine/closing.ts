/** Contract: connections may be closed in every state and from inside every callback, their own and each other's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Close } from "../../engine/engine.js";
import { Bench } from "./bench.js";
import { dial, serve, unixAddress } from "./peer.js";
import type { Moment } from "./protocol.js";
import type { EngineVariant } from "./variant.js";

const WAYS = ["destroy", "reset", "end", "finish"] as const;

export function closingContract(kind: EngineVariant): void {
  for (const way of WAYS) {
    for (const moment of ["accept", "data", "end", "drain"] as const) {
      test(`${kind}: stands ${way}() of an accepted connection inside ${nameOf(moment)}`, async (t) => {
        const bench = await Bench.start(t, kind, { highWaterBytes: 65_536, lowWaterBytes: 16_384 });
        await bench.react(moment, { do: way });
        const address = await bench.listen();
        // One that is reset as soon as it is accepted may be gone before its client finds out that it stood.
        const peer = await dial(bench, address).catch((error: NodeJS.ErrnoException) => {
          if (moment !== "accept" || error.code !== "ECONNRESET") throw error;
        });
        const { conn } = await bench.take("accept");
        if (moment === "drain") {
          peer!.socket.pause();
          bench.tell({ do: "fill", conn, bytes: 8_000_000 });
          assert.ok((await bench.look(conn)).congested, "a peer that does not read congests the connection");
          peer!.socket.resume();
        } else peer?.socket.end("x".repeat(100_000));
        await peer?.ending();
        await bench.react(moment);
        bench.tell({ do: "mute", except: ["accept", "data"] });
        const next = await dial(bench, address);
        next.socket.write("works");
        const later = await bench.take("accept");
        assert.equal(await bench.text(later.conn, 5), "works");
      });
    }

    test(`${kind}: stands ${way}() of a connection inside onOpen`, async (t) => {
      const bench = await Bench.start(t, kind);
      await bench.react("open", { do: "send", text: "hi" }, { do: way });
      const upstream = await serve(bench);
      await bench.connect(upstream.address);
      const far = await upstream.next();
      await far.ending();
      if (way === "end" || way === "finish") assert.equal(far.text, "hi");
    });
  }

  test(`${kind}: calls no one back for a connection that another one's callback destroyed`, async (t) => {
    const bench = await Bench.start(t, kind);
    const address = await bench.listen();
    const peers = [await dial(bench, address), await dial(bench, address)];
    const conns = [(await bench.take("accept")).conn, (await bench.take("accept")).conn];
    await bench.react("data", ...conns.map((conn) => ({ do: "destroy", conn }) as const));
    bench.tell({ do: "spin", ms: 60 });
    for (const peer of peers) peer.socket.write("both at once");
    for (const peer of peers) await peer.ending();
    await bench.take("data");
    assert.equal((await bench.look()).stats.open, 0);
    assert.equal(bench.has("data"), false, "the second connection was destroyed before its turn");
  });

  test(`${kind}: gives late events of a destroyed connection to no successor of its slot`, async (t) => {
    const bench = await Bench.start(t, kind);
    const upstream = await serve(bench);
    const address = await bench.listen();
    const peers = await Promise.all(Array.from({ length: 20 }, () => dial(bench, address)));
    const conns: number[] = [];
    for (const _ of peers) conns.push((await bench.take("accept")).conn);
    const destroyAll = conns.map((conn) => ({ do: "destroy", conn }) as const);
    const connects = conns.map(() => ({ do: "connect", to: upstream.address, timeoutMs: 5000 }) as const);
    // The first of them that is called destroys all and opens as many again, in the same descriptors and slots.
    bench.tell({ do: "spin", ms: 60 });
    await bench.react("data", ...destroyAll, ...connects);
    bench.tell({ do: "spin", ms: 60 });
    for (const peer of peers) peer.socket.write("for the old connection only");
    for (const peer of peers) await peer.ending();
    const first = await bench.take("data");
    assert.ok(conns.includes(first.conn));
    await bench.react("data");
    for (const _ of peers) {
      const far = await upstream.next();
      far.socket.write("for the new");
      const { conn } = await bench.take("open");
      assert.ok(!conns.includes(conn));
    }
    for (const _ of peers) assert.equal((await bench.take("data")).text, "for the new");
  });

  for (const way of WAYS) {
    test(`${kind}: closes a connection once that breaks while paused and congested (${way} on drain)`, async (t) => {
      const bench = await Bench.start(t, kind, { highWaterBytes: 65_536, lowWaterBytes: 16_384 });
      const address = await bench.listen();
      await bench.react("drain", { do: way });
      const peer = await dial(bench, address);
      const { conn } = await bench.take("accept");
      peer.socket.pause();
      bench.tell({ do: "pause", conn }, { do: "fill", conn, bytes: 20_000_000 });
      assert.ok((await bench.look(conn)).congested);
      peer.socket.resetAndDestroy();
      while ((await bench.look()).stats.open > 0);
      assert.equal((await bench.look()).stats.open, 0);
      const next = await dial(bench, address);
      next.socket.write("works");
      assert.equal(await bench.text((await bench.take("accept")).conn, 5), "works");
    });
  }

  for (const before of ["", "sent before it broke"]) {
    const what = before === "" ? "hears at once of" : "delivers what came before";
    const reason =
      before === "" ? "libuv finds out when it reads or writes" : "libuv reports a reset behind unread data as an end";
    const skip = kind === "node" ? reason : false;
    for (const ended of [false, true]) {
      const side = ended ? ", its own side ended" : "";
      test(`${kind}: ${what} a reset while paused${side}`, { skip }, async (t) => {
        const bench = await Bench.start(t, kind);
        await bench.react("accept", { do: "pause" }, ...(ended ? [{ do: "end" } as const] : []));
        const peer = await dial(bench, await bench.listen());
        const { conn } = await bench.take("accept");
        if (before !== "") await new Promise<void>((resolve) => peer.socket.write(before, () => resolve()));
        peer.socket.resetAndDestroy();
        if (before !== "") {
          await bench.look();
          bench.tell({ do: "resume", conn });
          assert.equal(await bench.text(conn, before.length), before);
        }
        assert.equal((await bench.take("close")).reason, Close.RESET);
      });
    }
  }

  test(`${kind}: stops delivering to a connection that destroys itself in the middle of much data`, async (t) => {
    const bench = await Bench.start(t, kind);
    await bench.react("data", { do: "destroy" });
    const address = await bench.listen();
    for (let i = 0; i < 10; i++) {
      const peer = await dial(bench, address);
      peer.socket.write(Buffer.alloc(500_000));
      await peer.ending();
    }
    assert.equal((await bench.look()).stats.open, 0);
  });

  test(`${kind}: keeps no trace of thousands of connections, whoever closes them and how`, async (t) => {
    const bench = await Bench.start(t, kind);
    const address = await bench.listen();
    bench.tell({ do: "mute", except: [] });
    await bench.react("data", { do: "echo", seed: 7 });
    await bench.react("end", { do: "end" });
    for (let wave = 0; wave < 30; wave++) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          const peer = await dial(bench, address);
          const token = `wave ${wave} connection ${i};`;
          if (i % 5 === 0) peer.socket.write(token);
          if (i % 5 === 1) return void peer.socket.destroy();
          if (i % 5 === 2) return void peer.socket.resetAndDestroy();
          if (i % 5 === 3) return void peer.socket.write(token, () => peer.socket.resetAndDestroy());
          if (i % 5 === 4) peer.socket.end(token);
          assert.equal(await peer.received(token.length), token);
          peer.socket.destroy();
        }),
      );
    }
    const { stats } = await bench.look();
    assert.equal(stats.accepted + stats.open >= 3000, true);
  });

  test(`${kind}: closes everything on stop, whatever state it is in`, async (t) => {
    const bench = await Bench.start(t, kind);
    const upstream = await serve(bench);
    // No port: another process may be given it as soon as the engine has let go.
    const address = await bench.listen(unixAddress(t));
    const idle = await dial(bench, address);
    const stuck = await dial(bench, address);
    stuck.socket.pause();
    const ended = await dial(bench, address);
    ended.socket.end();
    for (let i = 0; i < 3; i++) await bench.take("accept");
    bench.tell({ do: "fill", conn: 1, bytes: 20_000_000 }, { do: "end", conn: 2 });
    bench.tell({ do: "connect", to: upstream.address, timeoutMs: 5000 });
    const far = await upstream.next();
    bench.tell({ do: "connect", to: upstream.address, timeoutMs: 5000 }, { do: "stop" });
    await idle.ending();
    await far.ending();
    stuck.socket.resume();
    await stuck.ending();
    await assert.rejects(dial(bench, address), (error: NodeJS.ErrnoException) =>
      ["ECONNREFUSED", "ENOENT"].includes(error.code ?? ""),
    );
  });
}

function nameOf(moment: Moment): string {
  return moment === "accept" ? "the acceptor" : `on${moment[0].toUpperCase()}${moment.slice(1)}`;
}
