/** Contract: half-close in both directions, and FIN and RST told apart in both directions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Close } from "../../engine/engine.js";
import { Bench } from "./bench.js";
import { dial, LOOPBACK, LOOPBACK6, type Peer, serve, unixAddress } from "./peer.js";
import type { EngineVariant } from "./variant.js";

async function accepted(bench: Bench, at = LOOPBACK): Promise<{ peer: Peer; conn: number }> {
  const peer = await dial(bench, await bench.listen(at));
  const { conn } = await bench.take("accept");
  return { peer, conn };
}

export function endingContract(kind: EngineVariant): void {
  test(`${kind}: sends after the peer's FIN, and finishes when it ends too`, async (t) => {
    const bench = await Bench.start(t, kind);
    const { peer, conn } = await accepted(bench);
    peer.socket.end("last words");
    assert.equal(await bench.text(conn, 10), "last words");
    await bench.take("end", conn);
    bench.tell({ do: "send", conn, text: "still " }, { do: "send", conn, text: "here" });
    assert.equal(await peer.received(10), "still here");
    assert.equal(bench.has("close"), false);
    bench.tell({ do: "end", conn });
    assert.equal(await peer.ending(), "fin");
    assert.equal((await bench.take("close", conn)).reason, Close.FINISHED);
  });

  test(`${kind}: receives after its own FIN, and finishes when the peer ends too`, async (t) => {
    const bench = await Bench.start(t, kind);
    const { peer, conn } = await accepted(bench);
    bench.tell({ do: "send", conn, text: "bye" }, { do: "end", conn });
    assert.equal(await peer.ending(), "fin");
    assert.equal(peer.text, "bye");
    peer.socket.write("one more");
    assert.equal(await bench.text(conn, 8), "one more");
    assert.equal(bench.has("close"), false);
    peer.socket.end("thing");
    assert.equal(await bench.text(conn, 5), "thing");
    await bench.take("end", conn);
    assert.equal((await bench.take("close", conn)).reason, Close.FINISHED);
  });

  test(`${kind}: finishes a unix connection in order, from either side`, async (t) => {
    const bench = await Bench.start(t, kind);
    const address = await bench.listen(unixAddress(t));
    await bench.react("end", { do: "end" });
    const first = await dial(bench, address);
    const { conn } = await bench.take("accept");
    first.socket.end("question");
    assert.equal(await bench.text(conn, 8), "question");
    assert.equal(await first.ending(), "fin");
    assert.equal((await bench.take("close", conn)).reason, Close.FINISHED);
  });

  test(`${kind}: ends only after everything queued, however much it is`, async (t) => {
    const bench = await Bench.start(t, kind, { highWaterBytes: 3_000_000, buffers: 1024 });
    const { peer, conn } = await accepted(bench);
    peer.socket.pause();
    bench.tell({ do: "fill", conn, bytes: 2_900_000 }, { do: "end", conn }, { do: "send", conn, text: "too late" });
    await bench.look();
    peer.socket.resume();
    assert.equal(await peer.ending(), "fin");
    assert.equal(peer.size, 2_900_000, "what is sent after end() is ignored");
  });

  test(`${kind}: finishes without waiting for the peer to end`, async (t) => {
    const bench = await Bench.start(t, kind, { highWaterBytes: 3_000_000, buffers: 1024 });
    const { peer, conn } = await accepted(bench);
    peer.socket.pause();
    bench.tell({ do: "fill", conn, bytes: 2_900_000 }, { do: "finish", conn }, { do: "send", conn, text: "too late" });
    await bench.look();
    peer.socket.resume();
    assert.equal(await peer.ending(), "fin");
    assert.equal(peer.size, 2_900_000, "everything queued is sent first, and nothing after it");
    assert.equal((await bench.take("close", conn)).reason, Close.FINISHED);
    assert.equal(bench.has("end"), false);
  });

  test(`${kind}: finishes a connection that is still connecting`, async (t) => {
    const bench = await Bench.start(t, kind);
    const upstream = await serve(bench);
    const connect = { do: "connect", to: upstream.address, timeoutMs: 5000 } as const;
    bench.tell(connect, { do: "send", conn: 0, text: "farewell" }, { do: "finish", conn: 0 });
    const far = await upstream.next();
    assert.equal(await far.ending(), "fin");
    assert.equal(far.text, "farewell");
    assert.equal((await bench.take("close", 0)).reason, Close.FINISHED);
  });

  test(`${kind}: takes a second end() as none`, async (t) => {
    const bench = await Bench.start(t, kind);
    const { peer, conn } = await accepted(bench);
    bench.tell({ do: "end", conn }, { do: "end", conn });
    assert.equal(await peer.ending(), "fin");
    bench.tell({ do: "end", conn });
    peer.socket.end();
    assert.equal((await bench.take("close", conn)).reason, Close.FINISHED);
    bench.tell({ do: "end", conn }, { do: "destroy", conn }, { do: "reset", conn }, { do: "resume", conn });
    assert.equal((await bench.look()).stats.open, 0, "calls on a closed connection do nothing");
  });

  test(`${kind}: delivers all of a large message before its FIN`, async (t) => {
    const bench = await Bench.start(t, kind);
    bench.tell({ do: "mute", except: ["accept", "end", "data"] });
    const { peer, conn } = await accepted(bench);
    peer.socket.end(Buffer.alloc(1_000_000));
    await bench.take("end", conn);
    let size = 0;
    while (bench.has("data")) size += (await bench.take("data")).size;
    assert.equal(size, 1_000_000);
  });

  for (const at of [LOOPBACK, LOOPBACK6]) {
    test(`${kind}: tells the peer's RST from its FIN (${at.family})`, async (t) => {
      const bench = await Bench.start(t, kind);
      const { peer, conn } = await accepted(bench, at);
      peer.socket.resetAndDestroy();
      assert.equal((await bench.take("close", conn)).reason, Close.RESET);
      assert.equal(bench.has("end"), false, "a reset is no end");
    });
  }

  test(`${kind}: reports a reset that comes after the peer's FIN`, async (t) => {
    const bench = await Bench.start(t, kind, { highWaterBytes: 65_536, lowWaterBytes: 16_384 });
    const { peer, conn } = await accepted(bench);
    peer.socket.end();
    await bench.take("end", conn);
    peer.socket.pause();
    bench.tell({ do: "fill", conn, bytes: 30_000_000 });
    await bench.look();
    peer.socket.resetAndDestroy();
    assert.equal((await bench.take("close", conn)).reason, Close.RESET);
  });

  test(`${kind}: reports a reset that comes after its own FIN`, async (t) => {
    const bench = await Bench.start(t, kind);
    const { peer, conn } = await accepted(bench);
    bench.tell({ do: "end", conn });
    assert.equal(await peer.ending(), "fin");
    peer.socket.resetAndDestroy();
    assert.equal((await bench.take("close", conn)).reason, Close.RESET);
    assert.equal(bench.has("end"), false);
  });

  test(`${kind}: reports writing to a peer that is gone as a reset`, async (t) => {
    const bench = await Bench.start(t, kind);
    const { peer, conn } = await accepted(bench);
    await bench.react("end", { do: "fill", bytes: 1_000_000 });
    peer.socket.destroy();
    await bench.take("end", conn);
    assert.equal((await bench.take("close", conn)).reason, Close.RESET);
  });

  test(`${kind}: sends RST on reset()`, async (t) => {
    const bench = await Bench.start(t, kind);
    const { peer, conn } = await accepted(bench);
    bench.tell({ do: "reset", conn });
    assert.equal(await peer.ending(), "reset");
    assert.equal((await bench.look()).stats.open, 0);
    assert.equal(bench.has("close"), false, "nobody is told of what he did himself");
  });

  test(`${kind}: may be reset right after end()`, async (t) => {
    const bench = await Bench.start(t, kind);
    const { peer, conn } = await accepted(bench);
    bench.tell({ do: "send", conn, text: "x" }, { do: "end", conn }, { do: "reset", conn });
    await peer.ending();
    assert.equal((await bench.look()).stats.open, 0);
  });

  for (const ended of [false, true]) {
    const state = ended ? "much still unsent before its FIN" : "much still unsent";
    test(`${kind}: resets with ${state}, and the peer never sees an end`, { skip: hidesReset(kind) }, async (t) => {
      const bench = await Bench.start(t, kind);
      bench.tell({ do: "mute", except: ["accept", "open", "end", "close"] });
      const address = await bench.listen();
      // Plain sockets mistake such a reset for an end, so the engine itself is at both ends.
      await bench.react("open", { do: "pause" });
      const near = await bench.connect(address);
      await bench.take("open", near);
      const { conn } = await bench.take("accept");
      bench.tell({ do: "fill", conn, bytes: 50_000_000 });
      assert.ok((await bench.look(conn)).unsent > 0);
      if (ended) bench.tell({ do: "end", conn });
      bench.tell({ do: "reset", conn }, { do: "resume", conn: near });
      assert.equal((await bench.take("close", near)).reason, Close.RESET);
      assert.equal(bench.has("end"), false);
    });
  }

  test(`${kind}: closes without RST on destroy() when nothing is unread`, async (t) => {
    const bench = await Bench.start(t, kind);
    const { peer, conn } = await accepted(bench);
    bench.tell({ do: "destroy", conn });
    assert.equal(await peer.ending(), "fin");
    assert.equal((await bench.look()).stats.open, 0);
    assert.equal(bench.has("close"), false);
  });

  test(`${kind}: resets a connection that the acceptor refuses`, async (t) => {
    const bench = await Bench.start(t, kind);
    const address = await bench.listen();
    await bench.react("accept", { do: "refuse" });
    // The reset may come before the client has noticed that it is connected.
    const ending = dial(bench, address).then(
      (peer) => peer.ending(),
      (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" ? "reset" : error.code),
    );
    assert.equal(await ending, "reset");
    await bench.take("accept");
    assert.equal((await bench.look()).stats.open, 0);
  });

  test(`${kind}: delivers what the peer sent before it refused our bytes`, async (t) => {
    const bench = await Bench.start(t, kind);
    const { peer, conn } = await accepted(bench);
    // Unread bytes in the peer's socket turn its close into a reset: all have to be there before it closes.
    peer.socket.pause();
    bench.tell({ do: "fill", conn, bytes: 200_000 });
    while ((await bench.look(conn)).unsent > 0);
    peer.socket.write("413 too large");
    assert.equal(await bench.text(conn, 13), "413 too large");
    peer.socket.destroy();
    assert.equal((await bench.take("close", conn)).reason, Close.RESET);
  });
}

function hidesReset(kind: EngineVariant): string | false {
  return kind === "node" ? "libuv reports a reset behind unread data as an end" : false;
}
