/** What only the epoll engine with AIO does: several connections per system call. The contract suite has the rest. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { Timer } from "../../base/timer-wheel.js";
import type { Address } from "../../model/address.js";
import type { Conn, ConnHandler } from "../engine.js";
import { BUFFER_SIZE, Memory } from "../memory.js";
import { Aio, openAio } from "../native/aio.js";
import { send } from "../native/epoll.js";
import { close, mapMemory, receive } from "../native/libc.js";
import { connectSocket, openSocket } from "../native/sockets.js";
import type { EpollConn } from "./epoll-conn.js";
import { EpollEngine } from "./epoll-engine.js";

const aio = openAio(32);
const skip = aio instanceof Error ? `AIO is not permitted here: ${aio.message}` : false;
if (!(aio instanceof Error)) aio.close();

/** A test that takes this long waits for ever. */
const PATIENCE_MS = 5000;

/**
 * An engine in this very thread, with clients that are plain blocking sockets: what they do in one callback the engine learns in
 * one turn, in this order.
 */
class Fixture {
  readonly engine: EpollEngine;
  readonly conns: EpollConn[] = [];
  readonly clients: number[] = [];
  readonly closed: Conn[] = [];
  /** By connection. */
  readonly received = new Map<Conn, string>();
  onAccept: (conn: Conn) => void = () => {};
  onData: (conn: Conn, buffer: number, start: number, end: number) => void = () => {};
  readonly #address: Address;
  readonly #scratch = mapMemory(4096);

  constructor(t: TestContext, buffers: number) {
    const { bytes, base } = mapMemory(buffers * BUFFER_SIZE);
    const memory = new Memory(bytes, base);
    const options = { memory, highWaterBytes: 65_536, lowWaterBytes: 16_384, backlog: 64, reusePort: false };
    this.engine = new EpollEngine(options, new Aio(32));
    const listening = this.engine.listen({ family: "ip4", host: "127.0.0.1", port: 0 }, (conn) => {
      this.conns.push(conn as EpollConn);
      this.onAccept(conn);
      return new Recorder(this, conn);
    });
    this.#address = listening.address;
    this.after(PATIENCE_MS, () => this.engine.stop());
    t.after(() => {
      for (const fd of this.clients) close(fd);
      this.#scratch.free();
    });
  }

  dial(count: number): void {
    for (let i = 0; i < count; i++) {
      const fd = openSocket(this.#address, 0);
      assert.equal(connectSocket(fd, this.#address), 0);
      this.clients.push(fd);
    }
  }

  /** As client `index`. */
  write(index: number, text: string): void {
    const { written } = new TextEncoder().encodeInto(text, this.#scratch.bytes);
    assert.equal(send(this.clients[index], this.#scratch.base, written, 0), written);
  }

  /** As client `index`. */
  read(index: number): string {
    const length = receive(this.clients[index], this.#scratch.base, 4096, 0);
    return Buffer.from(this.#scratch.bytes.subarray(0, length)).toString();
  }

  after(delayMs: number, task: () => void): void {
    this.engine.timers.set(new Timer(task), this.engine.now() + delayMs);
  }
}

class Recorder implements ConnHandler {
  readonly #fixture: Fixture;
  readonly #conn: Conn;

  constructor(fixture: Fixture, conn: Conn) {
    this.#fixture = fixture;
    this.#conn = conn;
  }

  onOpen(): void {}

  onData(buffer: number, start: number, end: number): void {
    const { received, engine } = this.#fixture;
    const text = Buffer.from(engine.memory.bytes.subarray(start, end)).toString();
    received.set(this.#conn, (received.get(this.#conn) ?? "") + text);
    this.#fixture.onData(this.#conn, buffer, start, end);
  }

  onDrain(): void {}

  onEnd(): void {}

  onClose(): void {
    this.#fixture.closed.push(this.#conn);
  }
}

describe("the epoll engine with AIO", { skip }, () => {
  test("reads and answers many connections with few system calls", (t) => {
    const fixture = new Fixture(t, 128);
    const { engine, conns } = fixture;
    let before = 0;
    let made = 0;
    fixture.dial(20);
    fixture.onAccept = () => {
      if (conns.length < 20) return;
      before = engine.stats.syscalls;
      for (let i = 0; i < 20; i++) fixture.write(i, `from ${i}`);
      fixture.after(20, () => {
        made = engine.stats.syscalls - before;
        engine.stop();
      });
    };
    fixture.onData = (conn, buffer, start, end) => conn.send(buffer, start, end);
    engine.run();
    for (let i = 0; i < 20; i++) assert.equal(fixture.read(i), `from ${i}`);
    assert.ok(made > 0 && made < 20, `${made} system calls for 20 messages both ways`);
    assert.equal(engine.memory.used, 0);
  });

  test("takes nothing from the next user of a descriptor whose connection was destroyed while it waited to be read", (t) => {
    const fixture = new Fixture(t, 128);
    const { engine, conns, received } = fixture;
    fixture.dial(2);
    fixture.after(20, () => {
      for (const i of [0, 1]) fixture.write(i, "old");
      fixture.dial(2);
      fixture.write(3, "new");
    });
    fixture.onAccept = () => {
      if (conns.length === 3) conns[0].destroy();
    };
    fixture.onData = (conn) => {
      if (conn === conns[3]) engine.stop();
    };
    engine.run();
    assert.equal(conns[3].fd, conns[0].fd);
    assert.deepEqual([...received.values()], ["old", "new"]);
    assert.equal(engine.memory.used, 0);
  });

  test("reads alone what the kernel does not read with others", (t) => {
    const fixture = new Fixture(t, 128);
    const { engine, conns, received, closed } = fixture;
    fixture.dial(4);
    fixture.after(20, () => {
      for (let i = 0; i < 4; i++) fixture.write(i, "data");
      fixture.dial(1);
    });
    // Behind the engine's back: the batch stops at the second of four.
    fixture.onAccept = () => {
      if (conns.length === 5) close(conns[1].fd);
    };
    fixture.onData = () => {
      if (received.size === 3) engine.stop();
    };
    engine.run();
    assert.deepEqual([...received.keys()], [conns[0], conns[2], conns[3]]);
    assert.deepEqual(closed, [conns[1]]);
    assert.equal(engine.memory.used, 0);
  });

  test("leaves buffers to those who build messages, however many connections are read at once", (t) => {
    const fixture = new Fixture(t, 32);
    const { engine, conns, received } = fixture;
    const kept: number[] = [];
    let least = engine.memory.count;
    fixture.dial(30);
    fixture.onAccept = () => {
      if (conns.length === 30) for (let i = 0; i < 30; i++) fixture.write(i, "data");
    };
    fixture.onData = (_, buffer) => {
      least = Math.min(least, engine.memory.available);
      engine.memory.retain(buffer);
      kept.push(buffer);
      fixture.after(1, () => engine.memory.release(kept.pop()!));
      if (received.size === 30) fixture.after(20, () => engine.stop());
    };
    engine.run();
    assert.equal(received.size, 30);
    assert.equal(least, 4);
    assert.equal(engine.memory.used, 0);
  });

  test("needs no more than one buffer at a time while buffers are short", (t) => {
    const fixture = new Fixture(t, 32);
    const { engine, conns, received } = fixture;
    const taken = Array.from({ length: 27 }, () => engine.memory.alloc());
    fixture.dial(10);
    fixture.onAccept = () => {
      if (conns.length === 10) for (let i = 0; i < 10; i++) fixture.write(i, "data");
    };
    fixture.onData = () => {
      if (received.size === 10) engine.stop();
    };
    engine.run();
    assert.equal(received.size, 10);
    assert.equal(engine.stats.starved, 0);
    assert.equal(engine.memory.used, taken.length);
  });

  test("calls nobody back after stop() in the middle of a batch", (t) => {
    const fixture = new Fixture(t, 128);
    const { engine, conns, received } = fixture;
    fixture.dial(4);
    fixture.onAccept = () => {
      if (conns.length === 4) for (let i = 0; i < 4; i++) fixture.write(i, "data");
    };
    fixture.onData = () => engine.stop();
    engine.run();
    assert.equal(received.size, 1);
    assert.equal(engine.memory.used, 0);
  });
});
