/**
 * The portable engine: `node:net` sockets driven by Node's event loop, for systems where neither io_uring nor epoll can
 * be used. Bytes are copied once, into `Memory`, so that everything above works as it does on the native engines.
 */
import type net from "node:net";
import { Timer } from "../../base/timer-wheel.js";
import type { Address } from "../../model/address.js";
import type { Acceptor, Conn, ConnHandler, Engine, EngineOptions, EngineStats, Listening } from "../engine.js";
import type { Memory } from "../memory.js";
import { createStats } from "../stats.js";
import { NodeConn } from "./node-conn.js";
import { NodeListening } from "./node-listening.js";
import { NodeTimers } from "./node-timers.js";

/** How often those that wait for a buffer look for one at least. */
const RETRY_MS = 10;

export class NodeEngine implements Engine {
  readonly kind = "node";
  readonly memory: Memory;
  readonly timers: NodeTimers;
  readonly stats: EngineStats = createStats();
  readonly wakeFd = -1;
  onWake: () => void = () => {};
  /** @internal */ readonly options: EngineOptions;
  /** @internal The memory seen as a Buffer: `subarray` of it is what sockets write. */
  readonly bytes: Buffer;
  /** @internal Where outgoing connections read into, one after the other: each read is copied out at once. */
  readonly inbox = Buffer.allocUnsafeSlow(65_536);
  readonly #conns = new Set<NodeConn>();
  readonly #listenings: NodeListening[] = [];
  /** Connections whose received bytes wait for a buffer or for their next turn. */
  #waiting: NodeConn[] = [];
  /** Connections on which something was sent in this turn. */
  #dirty: NodeConn[] = [];
  #turn: NodeJS.Immediate | undefined = undefined;
  readonly #retry = new Timer(() => this.serve());

  constructor(options: EngineOptions) {
    this.options = options;
    this.memory = options.memory;
    const { bytes } = options.memory;
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.timers = new NodeTimers(performance.now(), () => this.serve());
  }

  now(): number {
    return performance.now();
  }

  listen(at: Address, accept: Acceptor): Listening {
    const listening = new NodeListening(
      at,
      this.options,
      (socket) => this.#onSocket(socket, accept),
      () => this.#onAcceptError(),
    );
    this.#listenings.push(listening);
    return listening;
  }

  connect(to: Address, handler: ConnHandler, timeoutMs: number): Conn {
    return NodeConn.connect(this, to, handler, timeoutMs);
  }

  run(): void {}

  stop(): void {
    this.timers.stop();
    clearImmediate(this.#turn);
    for (const listening of this.#listenings) listening.close();
    for (const conn of [...this.#conns]) conn.destroy();
  }

  /** libuv itself drops the connections that it has no descriptor for; there is nothing to pause. */
  #onAcceptError(): void {
    this.stats.acceptPaused++;
  }

  #onSocket(socket: net.Socket, accept: Acceptor): void {
    this.stats.accepted++;
    const conn = NodeConn.accepted(this, socket);
    const handler = accept(conn);
    if (handler === undefined) conn.reset();
    else conn.handler = handler;
  }

  /** @internal */
  add(conn: NodeConn): void {
    this.#conns.add(conn);
    this.stats.open++;
  }

  /** @internal */
  remove(conn: NodeConn): void {
    if (this.#conns.delete(conn)) this.stats.open--;
  }

  /**
   * @internal Has `conn` flushed when all callbacks of this turn were made: the first write wakes the process at the other
   * end, and the next find it awake.
   */
  flushLater(conn: NodeConn): void {
    if (this.#dirty.push(conn) === 1) setImmediate(this.#flush);
  }

  /** @internal `conn` has bytes to deliver as soon as it may. */
  wait(conn: NodeConn): void {
    this.#waiting.push(conn);
    this.serve();
  }

  /** @internal Called after whatever may have freed a buffer: lets those that wait try again in the next turn. */
  serve(): void {
    if (this.#waiting.length === 0 || this.#turn !== undefined) return;
    if (this.memory.available > 0) this.#turn = setImmediate(this.#serveWaiting);
    // Buffers may also be freed where this engine does not see it.
    else if (!this.#retry.pending) this.timers.set(this.#retry, performance.now() + RETRY_MS);
  }

  readonly #flush = (): void => {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const conn of dirty) conn.flush();
  };

  readonly #serveWaiting = (): void => {
    this.#turn = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const conn of waiting) conn.deliverRest();
  };
}
