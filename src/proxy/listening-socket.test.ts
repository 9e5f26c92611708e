import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conn, ConnHandler, Engine, Acceptor as EngineAcceptor } from "../engine/engine.js";
import type { Address } from "../model/address.js";
import type { TcpListenerSpec } from "../model/spec.js";
import { ListeningSocket } from "./listening-socket.js";

const address: Address = { family: "ip4", host: "127.0.0.1", port: 4711 };
const spec: TcpListenerSpec = { kind: "tcp", name: "a", address, cluster: "c", idleTimeoutMs: 1000 };

/** An engine with one listener at which the test lets clients arrive; connections write down what is done to them. */
function createFixture() {
  let accept: EngineAcceptor = () => undefined;
  const engine = {
    listen: (_at: Address, acceptor: EngineAcceptor) => {
      accept = acceptor;
      return { address, close: () => {} };
    },
  };
  const socket = new ListeningSocket(engine as unknown as Engine, spec);
  const arrive = () => {
    const calls: string[] = [];
    const conn = {
      handler: undefined as unknown as ConnHandler,
      pause: () => calls.push("pause"),
      resume: () => calls.push("resume"),
      reset: () => calls.push("reset"),
    };
    const handler = accept(conn as unknown as Conn);
    if (handler === undefined) calls.push("refused");
    else conn.handler = handler;
    return { conn, calls };
  };
  return { socket, arrive };
}

const handler: ConnHandler = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };

test("a client that comes before there is a listener waits for it", () => {
  const { socket, arrive } = createFixture();
  const { conn, calls } = arrive();
  assert.deepEqual(calls, ["pause"]);
  const accepted: Conn[] = [];
  socket.target = {
    accept: (taken) => {
      calls.push("accepted");
      accepted.push(taken);
      return handler;
    },
  };
  assert.deepEqual(calls, ["pause", "resume", "accepted"]);
  assert.equal(conn.handler, handler);
  socket.target = { accept: () => handler };
  assert.equal(accepted.length, 1, "it is handed over once");
  assert.deepEqual(arrive().calls, [], "who comes later is taken at once");
});

test("a client that left while it waited is nobody's", () => {
  const { socket, arrive } = createFixture();
  const { conn, calls } = arrive();
  conn.handler.onClose(1);
  socket.target = { accept: () => handler };
  socket.close();
  assert.deepEqual(calls, ["pause"]);
});

test("a client that the listener does not want, or that waited in vain, is reset", () => {
  const refused = createFixture();
  const one = refused.arrive();
  refused.socket.target = { accept: () => undefined };
  assert.deepEqual(one.calls, ["pause", "resume", "reset"]);
  const given = createFixture();
  const two = given.arrive();
  given.socket.close();
  assert.deepEqual(two.calls, ["pause", "reset"]);
});
