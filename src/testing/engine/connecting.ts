/** Contract: how connect() ends, and how it can be called off. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import net from "node:net";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Close } from "../../engine/engine.js";
import type { Address } from "../../model/address.js";
import { Bench } from "./bench.js";
import { LOOPBACK, serve, unixAddress } from "./peer.js";
import type { EngineVariant } from "./variant.js";

/** The address of a listener that existed a moment ago. */
async function deserted(bench: Bench, at: Address): Promise<Address> {
  const server = await serve(bench, at);
  server.close();
  return server.address;
}

/** A listener whose backlog is full and whose process never accepts: a further SYN gets no answer. */
async function fullBacklog(bench: Bench): Promise<Address> {
  const gate = new SharedArrayBuffer(4);
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    const server = require("node:net").createServer().listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(workerData), 0, 0);
      process.exit();
    });`;
  const worker = new Worker(code, { eval: true, workerData: gate });
  const [port] = (await once(worker, "message")) as [number];
  // Linux holds one connection more than the backlog says.
  const fillers = Array.from({ length: 8 }, () => bench.own(net.connect(port, "127.0.0.1")));
  for (const filler of fillers) filler.on("error", () => {});
  await new Promise<void>((resolve) => {
    let open = 0;
    for (const filler of fillers) filler.on("connect", () => ++open === 2 && resolve());
  });
  bench.defer(() => {
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
    return once(worker, "exit");
  });
  return { family: "ip4", host: "127.0.0.1", port };
}

export function connectingContract(kind: EngineVariant): void {
  test(`${kind}: reports a connection that is refused`, async (t) => {
    const bench = await Bench.start(t, kind);
    const conn = await bench.connect(await deserted(bench, LOOPBACK));
    assert.equal((await bench.take("close", conn)).reason, Close.REFUSED);
    assert.equal(bench.has("open"), false);
  });

  test(`${kind}: reports a unix socket on which nothing listens as refused`, async (t) => {
    const bench = await Bench.start(t, kind);
    const missing = await bench.connect(unixAddress(t));
    assert.equal((await bench.take("close", missing)).reason, Close.REFUSED);
  });

  test(`${kind}: reports a host that cannot be reached`, async (t) => {
    const bench = await Bench.start(t, kind);
    const conn = await bench.connect({ family: "ip4", host: "255.255.255.255", port: 80 });
    assert.equal((await bench.take("close", conn)).reason, Close.UNREACHABLE);
  });

  test(`${kind}: reports a connection that nobody answers in time, and not before`, async (t) => {
    const bench = await Bench.start(t, kind);
    const address = await fullBacklog(bench);
    const begin = performance.now();
    const conn = await bench.connect(address, 150);
    assert.equal((await bench.take("close", conn)).reason, Close.TIMEOUT);
    assert.ok(performance.now() - begin >= 149);
    assert.equal((await bench.look()).stats.open, 0);
  });

  test(`${kind}: does not take for late what came in time while the thread was busy`, async (t) => {
    const bench = await Bench.start(t, kind);
    const upstream = await serve(bench);
    bench.tell({ do: "connect", to: upstream.address, timeoutMs: 50 }, { do: "spin", ms: 200 });
    await bench.take("open");
  });

  test(`${kind}: says nothing more of a connection that was destroyed while connecting`, async (t) => {
    const bench = await Bench.start(t, kind);
    const address = await fullBacklog(bench);
    for (const method of ["destroy", "reset"] as const) {
      const conn = await bench.connect(address, 100);
      bench.tell({ do: "send", conn, text: "never sent" }, { do: method, conn }, { do: "timers", afterMs: [150] });
      await bench.take("timer");
      assert.equal(bench.has("close", conn), false);
      assert.equal((await bench.look()).stats.open, 0);
    }
  });

  test(`${kind}: says nothing more of a connection destroyed in the call that made it`, async (t) => {
    const bench = await Bench.start(t, kind);
    const upstream = await serve(bench);
    const refusing = await deserted(bench, LOOPBACK);
    for (const to of [upstream.address, refusing, { family: "ip4", host: "255.255.255.255", port: 80 } as const]) {
      const { stats } = await bench.look();
      bench.tell({ do: "mute", except: [] }, { do: "connect", to, timeoutMs: 1000 });
      const { conn } = await bench.take("connecting");
      bench.tell({ do: "mute", except: ["open", "close"] }, { do: "destroy", conn }, { do: "timers", afterMs: [20] });
      await bench.take("timer");
      assert.equal(stats.open, 0);
    }
    const connect = { do: "connect", to: refusing, timeoutMs: 1000 } as const;
    bench.tell({ do: "mute", except: ["open", "close"] }, connect);
    assert.equal((await bench.take("close")).reason, Close.REFUSED, "the engine still works");
  });

  test(`${kind}: connects from inside callbacks`, async (t) => {
    const bench = await Bench.start(t, kind);
    const upstream = await serve(bench);
    await bench.react("open", { do: "send", text: "hello" });
    await bench.react("close", { do: "connect", to: upstream.address, timeoutMs: 1000 });
    await bench.connect(await deserted(bench, LOOPBACK));
    const far = await upstream.next();
    assert.equal(await far.received(5), "hello");
    await bench.react("close");
  });

  test(`${kind}: counts what it connected`, async (t) => {
    const bench = await Bench.start(t, kind);
    const upstream = await serve(bench);
    for (let i = 0; i < 3; i++) await bench.take("open", await bench.connect(upstream.address));
    const { stats } = await bench.look();
    assert.equal(stats.connected, 3);
    assert.equal(stats.open, 3);
    assert.equal(stats.accepted, 0);
  });

  test(`${kind}: cannot bind where somebody listens, and names the address`, async (t) => {
    const bench = await Bench.start(t, kind);
    const taken = await bench.listen();
    bench.tell({ do: "listen", at: taken });
    const { name, code, message } = await bench.take("failed");
    assert.equal(name, "LbError");
    assert.equal(code, "CONFIG_INVALID");
    assert.match(message, new RegExp(`127\\.0\\.0\\.1:${taken.family === "unix" ? "" : taken.port}`));
  });

  test(`${kind}: cannot bind an address of another machine, and names it`, async (t) => {
    const bench = await Bench.start(t, kind);
    bench.tell({ do: "listen", at: { family: "ip4", host: "192.0.2.77", port: 0 } });
    assert.match((await bench.take("failed")).message, /192\.0\.2\.77/);
  });

  test(`${kind}: cannot bind a unix socket where a plain file is, and leaves the file alone`, async (t) => {
    const bench = await Bench.start(t, kind);
    const at = unixAddress(t);
    writeFileSync(at.path, "precious");
    bench.tell({ do: "listen", at });
    assert.match((await bench.take("failed")).message, /socket/);
  });
}
