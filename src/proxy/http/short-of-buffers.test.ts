/**
 * A worker that has no free buffer cannot take what an endpoint sends. It blamed the endpoint for that: under memory pressure
 * outlier detection ejected healthy endpoints, which made matters worse for the others. Now such a try says nothing about the
 * endpoint, and only what it sent itself is charged to it.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Code } from "../../base/errors.js";
import { createRandom } from "../../base/random.js";
import { TimerWheel } from "../../base/timer-wheel.js";
import { Planner } from "../../cluster/planner.js";
import { createShared } from "../../cluster/shared.js";
import { SlotTable } from "../../cluster/slots.js";
import { loadText } from "../../config/load.js";
import { type Acceptor, Close, type Conn, type ConnHandler, type Engine } from "../../engine/engine.js";
import { BUFFER_SIZE, HEADROOM, Memory } from "../../engine/memory.js";
import { createStats } from "../../engine/stats.js";
import {
  C,
  CODE_NUMBER,
  clusterBase,
  createMetrics,
  E,
  endpointBase,
  L,
  listenerBase,
  openMetrics,
} from "../../observe/layout.js";
import { createLogRing, LogRingWriter } from "../../observe/log-ring.js";
import { endpointKey, Slots } from "../../observe/slots.js";
import { TIMELESS } from "../../testing/fake-clock.js";
import { ProxyContext } from "../context.js";
import { DataPlane } from "../data-plane.js";

/** A connection that records what it is sent, and keeps the buffers: a real one would until the end of the turn. */
class FakeConn implements Conn {
  handler!: ConnHandler;
  readonly unsent = 0;
  readonly congested = false;
  readonly peer = undefined;
  readonly local = undefined;
  sent = "";
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  send(buffer: number, start: number, end: number): void {
    this.#memory.retain(buffer);
    this.sent += Buffer.from(this.#memory.bytes.subarray(start, end)).toString("latin1");
  }

  /** The other end sends `text`, and there are only `free` buffers besides the one that holds it. */
  receive(text: string, free = this.#memory.count): void {
    const memory = this.#memory;
    const buffer = memory.alloc();
    const start = buffer * BUFFER_SIZE + HEADROOM;
    memory.bytes.set(Buffer.from(text, "latin1"), start);
    withFree(memory, free, () => this.handler.onData(buffer, start, start + text.length));
    memory.release(buffer);
  }

  pause(): void {}
  resume(): void {}
  end(): void {}
  finish(): void {}
  destroy(): void {}
  reset(): void {}
}

/** Does `task` while no more than `free` buffers can be had. */
function withFree(memory: Memory, free: number, task: () => void): void {
  const taken: number[] = [];
  while (memory.available > free) taken.push(memory.alloc());
  task();
  for (const buffer of taken) memory.release(buffer);
}

/** A worker with this route to cluster `c`, and a client; cluster `m` is for copies. Each has an endpoint or two. */
function createFixture(route = "", endpoints = 1) {
  const addresses = Array.from({ length: endpoints }, (_, i) => `"127.0.0.1:${9000 + i}"`);
  const { spec } = loadText(
    "a.yaml",
    `
listeners: [{ name: front, address: ":8080", routes: [{ cluster: c, ${route} }] }]
clusters: { c: { endpoints: [${addresses}] }, m: { endpoints: ["127.0.0.1:9100"] } }`,
    { environment: {}, cores: 1 },
  );
  const memory = new Memory(new Uint8Array(16 * BUFFER_SIZE), 0);
  const timers = new TimerWheel(0);
  const clock = { now: 0 };
  /** Connections to endpoints. */
  const upstreams: FakeConn[] = [];
  let accept!: Acceptor;
  const engine: Engine = {
    kind: "node",
    memory,
    stats: createStats(),
    timers,
    now: () => clock.now,
    listen: (address, acceptor) => {
      accept = acceptor;
      return { address, close: () => {} };
    },
    connect: (_to, handler) => {
      const conn = new FakeConn(memory);
      conn.handler = handler;
      upstreams.push(conn);
      return conn;
    },
    wakeFd: -1,
    onWake: () => {},
    run: () => {},
    stop: () => {},
  };
  const shared = createShared(1);
  const table = new SlotTable(shared);
  const planner = new Planner({ table, clock: TIMELESS, onPlan: () => {}, onPanic: () => {} });
  const slots = table.assign(spec.clusters);
  const plans = planner.assign(spec.clusters);
  table.commit();
  const metricSlots = new Slots().assign(spec).slots;
  const metrics = openMetrics(createMetrics());
  const context = new ProxyContext({
    engine,
    metrics,
    shared,
    worker: 0,
    random: createRandom(1),
    secret: "",
    main: { log: () => {}, failures: () => {} },
    wallClock: () => 0,
    clockOffset: 0,
  });
  new DataPlane(context, new LogRingWriter(createLogRing())).apply({
    spec,
    slots,
    plans,
    metricSlots,
    sources: new Map(),
  });
  const client = new FakeConn(memory);
  client.handler = accept(client)!;
  /** Tries that were charged to the endpoints of a cluster. */
  const failures = (name: string): number => {
    const { endpoints: own } = spec.clusters.find((cluster) => cluster.name === name)!;
    return own
      .map(({ id }) => metrics[endpointBase(metricSlots.endpoints.get(endpointKey(name, id))!) + E.FAILURES])
      .reduce((sum, count) => sum + count);
  };
  const count = (name: string, field: number): number => metrics[clusterBase(metricSlots.clusters.get(name)!) + field];
  const errors = (code: Code): number =>
    metrics[listenerBase(metricSlots.listeners.get("front")!) + L.ERRORS + CODE_NUMBER[code]];
  const advance = (ms: number): void => timers.advance((clock.now += ms));
  return { memory, client, upstreams, failures, errors, count, advance };
}
type Fixture = ReturnType<typeof createFixture>;

/** A client has asked; returns the connection to the endpoint, which is open. */
function ask({ client, upstreams }: Fixture): FakeConn {
  client.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const upstream = upstreams[upstreams.length - 1];
  upstream.handler.onOpen();
  return upstream;
}

const UNTIL_CLOSE = "HTTP/1.1 200 OK\r\n\r\n";

describe("an endpoint is not to blame where no buffer is free", () => {
  const cases: Record<string, (upstream: FakeConn, memory: Memory) => void> = {
    "for a response head that comes in pieces": (upstream) => upstream.receive("HTTP/1.1 200 OK\r\n", 0),
    "for the head to the client": (upstream) => upstream.receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0),
    "for the first chunk of a body": (upstream) => upstream.receive(`${UNTIL_CLOSE}first`, 1),
    "for another chunk": (upstream) => {
      upstream.receive(UNTIL_CLOSE);
      upstream.receive("more", 0);
    },
    "for the last chunk": (upstream, memory) => {
      upstream.receive(UNTIL_CLOSE);
      withFree(memory, 0, () => upstream.handler.onEnd());
    },
  };
  for (const [where, fail] of Object.entries(cases)) {
    test(where, () => {
      const fixture = createFixture();
      const upstream = ask(fixture);
      fail(upstream, fixture.memory);
      assert.equal(fixture.count("c", C.ACTIVE), 0, "the try has ended");
      assert.doesNotMatch(fixture.client.sent, /\r\n0\r\n\r\n$/, "the client must not take it for the whole");
      assert.equal(fixture.failures("c"), 0);
    });
  }

  test("for what a hedge is answered", () => {
    const fixture = createFixture("hedge: { after: 100ms }", 2);
    ask(fixture);
    fixture.advance(200);
    const [, hedge] = fixture.upstreams;
    hedge.handler.onOpen();
    hedge.receive("HTTP/1.1 200 OK\r\n", 0);
    assert.equal(fixture.count("c", C.ACTIVE), 1, "the hedge has ended");
    assert.equal(fixture.failures("c"), 0);
  });

  test("for what a copy is answered", () => {
    const fixture = createFixture("mirror: { cluster: m }");
    fixture.client.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const [copy] = fixture.upstreams;
    copy.handler.onOpen();
    copy.receive("HTTP/1.1 200 OK\r\n", 0);
    assert.deepEqual([fixture.count("m", C.MIRROR_DROPPED), fixture.count("m", C.MIRROR_FAILED)], [1, 0]);
    assert.equal(fixture.failures("m"), 0);
  });
});

test("a request whose body finds no buffer free is an overload, and no failure of the proxy", () => {
  const { client, upstreams, failures, errors } = createFixture();
  client.receive("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  upstreams[0].handler.onOpen();
  client.receive("2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n", 0);
  assert.deepEqual([errors("OVERLOADED"), errors("INTERNAL")], [1, 0]);
  assert.equal(failures("c"), 0);
});

describe("an endpoint is to blame, with and without buffers", () => {
  const cases: Record<string, (upstream: FakeConn, free: number) => void> = {
    "for a head that is none": (upstream, free) => upstream.receive("nonsense\r\n\r\n", free),
    "for a body that is malformed": (upstream, free) => {
      upstream.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      upstream.receive("nonsense", free);
    },
    "for a response that it cuts short": (upstream) => {
      upstream.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
      upstream.handler.onClose(Close.RESET);
    },
  };
  for (const [what, fail] of Object.entries(cases)) {
    test(what, () => {
      for (const free of [0, 9]) {
        const fixture = createFixture();
        fail(ask(fixture), free);
        assert.equal(fixture.failures("c"), 1);
      }
    });
  }
});
