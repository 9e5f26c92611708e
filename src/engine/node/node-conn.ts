/** One connection of the node engine: a `net.Socket` whose bytes pass through `Memory`. */
import net from "node:net";
import { Timer } from "../../base/timer-wheel.js";
import type { Address } from "../../model/address.js";
import { Close, type CloseReason, type Conn, type ConnHandler } from "../engine.js";
import { BUFFER_SIZE, HEADROOM } from "../memory.js";
import { UNHANDLED } from "../unhandled.js";
import type { NodeEngine } from "./node-engine.js";

const ROOM = BUFFER_SIZE - HEADROOM;

/** The socket's listeners are shared functions that find their connection here: no closures per connection. */
const CONN = Symbol("conn");
type OwnedSocket = net.Socket & { [CONN]: NodeConn };

export class NodeConn implements Conn {
  handler: ConnHandler;
  congested = false;
  readonly #engine: NodeEngine;
  #socket!: OwnedSocket;
  #connecting = false;
  /** No callback any more. */
  #closed = false;
  #paused = false;
  /** Sent, and not yet handed to the socket. */
  #corked = false;
  #ending = false;
  #broken = false;
  #reason: CloseReason = Close.FINISHED;
  #connectTimer: Timer | undefined = undefined;
  /** Received bytes that wait for a buffer, or for `resume`; the socket is paused meanwhile. */
  #rest: Buffer | undefined = undefined;
  /** The peer's end waits too. */
  #endWaits = false;
  #waiting = false;
  /** The socket ended in order while `#rest` was waiting. */
  #finished = false;
  /** Buffers whose writes are under way, oldest first; -1 for a copy. */
  readonly #writing: number[] = [];
  readonly #onWritten = (): void => this.#written();
  #peer: Address | undefined = undefined;
  #local: Address | undefined = undefined;

  private constructor(engine: NodeEngine, handler: ConnHandler) {
    this.#engine = engine;
    this.handler = handler;
    engine.add(this);
  }

  /** @internal */
  static accepted(engine: NodeEngine, socket: net.Socket): NodeConn {
    const conn = new NodeConn(engine, UNHANDLED);
    conn.#own(takeOver(socket, conn.#reading()));
    return conn;
  }

  /** @internal */
  static connect(engine: NodeEngine, to: Address, handler: ConnHandler, timeoutMs: number): NodeConn {
    const conn = new NodeConn(engine, handler);
    conn.#connecting = true;
    const target = to.family === "unix" ? { path: to.path } : { host: to.host, port: to.port };
    const socket = net.connect({
      ...target,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      onread: conn.#reading(),
    });
    conn.#own(socket);
    socket.on("connect", onConnect);
    conn.#connectTimer = new Timer(() => conn.#connectTimedOut());
    engine.timers.set(conn.#connectTimer, engine.now() + timeoutMs);
    return conn;
  }

  /** Reading into one buffer spares an allocation of 64 KiB per read. */
  #reading(): net.OnReadOpts {
    const { inbox } = this.#engine;
    return { buffer: inbox, callback: (length) => this.receive(inbox, length) };
  }

  #own(socket: net.Socket): void {
    this.#socket = Object.assign(socket, { [CONN]: this });
    socket.on("end", onEnd);
    socket.on("error", onError);
    socket.on("close", onClose);
  }

  get unsent(): number {
    return this.#closed ? 0 : this.#socket.writableLength;
  }

  get peer(): Address | undefined {
    const { remoteAddress, remotePort, remoteFamily } = this.#socket;
    this.#peer ??= toAddress(remoteAddress, remotePort, remoteFamily);
    return this.#peer;
  }

  get local(): Address | undefined {
    const { localAddress, localPort, localFamily } = this.#socket;
    this.#local ??= toAddress(localAddress, localPort, localFamily);
    return this.#local;
  }

  send(buffer: number, start: number, end: number): void {
    if (this.#closed || this.#ending || this.#broken || start === end) return;
    const engine = this.#engine;
    const { memory } = engine;
    const range = engine.bytes.subarray(start, end);
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      engine.flushLater(this);
    }
    // Half of the memory may wait in sockets; beyond that, copies wait instead, so that slow readers starve nobody.
    if (memory.available * 2 < memory.count) {
      this.#writing.push(-1);
      this.#socket.write(Buffer.from(range), this.#onWritten);
    } else {
      memory.retain(buffer);
      this.#writing.push(buffer);
      this.#socket.write(range, this.#onWritten);
    }
    if (this.#socket.writableLength > engine.options.highWaterBytes) this.congested = true;
  }

  /** @internal Writes what the callbacks of a turn have sent. */
  flush(): void {
    this.#corked = false;
    this.#socket.uncork();
  }

  #written(): void {
    const buffer = this.#writing.shift()!;
    const engine = this.#engine;
    if (buffer >= 0) engine.memory.release(buffer);
    if (this.congested && !this.#closed && this.#socket.writableLength <= engine.options.lowWaterBytes) {
      this.congested = false;
      this.handler.onDrain();
    }
    engine.serve();
  }

  /** The socket goes on reading until something comes: else a reset would go unnoticed until something is sent. */
  pause(): void {
    if (this.#closed) return;
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    if (this.#rest === undefined && !this.#endWaits) this.#socket.resume();
    else this.#wait();
  }

  end(): void {
    if (this.#ending || this.#closed) return;
    this.#ending = true;
    this.#socket.end();
  }

  finish(): void {
    if (this.#ending || this.#closed) return;
    this.#ending = true;
    this.#socket.destroySoon();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#release();
    this.#socket.destroy();
  }

  reset(): void {
    if (this.#closed) return;
    this.#release();
    const socket = this.#socket;
    // A connecting socket would first connect in order to be reset, a unix socket knows no RST, and libuv refuses
    // while a shutdown is under way: then everything was sent, and FIN is the truth.
    const shutting = this.#ending && socket.writableLength === 0;
    if (this.#connecting || shutting || socket.remoteAddress === undefined) socket.destroy();
    else socket.resetAndDestroy();
  }

  /** @internal Bytes `[0, length)` of `chunk` came; `chunk` is the socket's. Returns false to stop reading. */
  receive(chunk: Buffer, length: number): boolean {
    const more = this.#deliver(chunk, length);
    this.#engine.serve();
    return more;
  }

  #deliver(chunk: Buffer, length: number): boolean {
    const { memory, bytes } = this.#engine;
    for (let at = 0; at < length && !this.#closed; ) {
      const buffer = this.#paused ? -1 : memory.alloc();
      if (buffer < 0) {
        // Copied, because the next read may overwrite it.
        this.#rest = Buffer.from(chunk.subarray(at, length));
        if (!this.#paused) this.#starve();
        return false;
      }
      const start = buffer * BUFFER_SIZE + HEADROOM;
      const count = Math.min(length - at, ROOM);
      chunk.copy(bytes, start, at, at + count);
      at += count;
      this.handler.onData(buffer, start, start + count);
      memory.release(buffer);
    }
    return true;
  }

  #starve(): void {
    this.#engine.stats.starved++;
    this.#socket.pause();
    this.#wait();
  }

  #wait(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#engine.wait(this);
  }

  /** @internal Delivers what waited, then goes on reading. */
  deliverRest(): void {
    this.#waiting = false;
    if (this.#closed || this.#paused) return;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined && !this.receive(rest, rest.length)) return;
    if (this.#closed || this.#paused) return;
    if (this.#endWaits) {
      this.#endWaits = false;
      this.handler.onEnd();
    } else this.#socket.resume();
    if (this.#finished) this.socketClosed();
  }

  /** @internal */
  opened(): void {
    if (this.#closed) return;
    this.#connecting = false;
    this.#cancelConnectTimer();
    this.#engine.stats.connected++;
    this.handler.onOpen();
  }

  /** @internal */
  peerEnded(): void {
    if (this.#closed) return;
    if (this.#paused || this.#rest !== undefined) this.#endWaits = true;
    else this.handler.onEnd();
    this.#engine.serve();
  }

  /** @internal */
  failed(error: NodeJS.ErrnoException): void {
    this.#broken = true;
    if (!this.#connecting) this.#reason = Close.RESET;
    else if (error.code === "ECONNREFUSED" || error.code === "ENOENT") this.#reason = Close.REFUSED;
    else this.#reason = error.code === "ETIMEDOUT" ? Close.TIMEOUT : Close.UNREACHABLE;
  }

  /** @internal */
  socketClosed(): void {
    if (this.#closed) return;
    if ((this.#rest !== undefined || this.#endWaits) && this.#reason === Close.FINISHED) {
      this.#finished = true;
      return;
    }
    this.#release();
    this.handler.onClose(this.#reason);
    this.#engine.serve();
  }

  #connectTimedOut(): void {
    this.#release();
    this.#socket.destroy();
    this.handler.onClose(Close.TIMEOUT);
  }

  #cancelConnectTimer(): void {
    if (this.#connectTimer === undefined) return;
    this.#engine.timers.cancel(this.#connectTimer);
    this.#connectTimer = undefined;
  }

  /** From here on the handler hears nothing. Buffers of writes under way come back through their callbacks. */
  #release(): void {
    this.#closed = true;
    this.#rest = undefined;
    this.#endWaits = false;
    this.#cancelConnectTimer();
    this.#engine.remove(this);
  }
}

/**
 * An accepted connection as a socket that reads as `onread` says. `net.Server` has no such option, and its sockets cannot be
 * told later: so the handle beneath changes hands before anything was read.
 */
function takeOver(accepted: net.Socket, onread: net.OnReadOpts): net.Socket {
  const shell = accepted as net.Socket & { _handle: unknown };
  const handle = shell._handle;
  shell._handle = null;
  shell.destroy();
  return new net.Socket({ handle, onread, allowHalfOpen: true } as net.SocketConstructorOpts);
}

function onConnect(this: net.Socket): void {
  (this as OwnedSocket)[CONN].opened();
}

function onEnd(this: net.Socket): void {
  (this as OwnedSocket)[CONN].peerEnded();
}

function onError(this: net.Socket, error: Error): void {
  (this as OwnedSocket)[CONN].failed(error);
}

function onClose(this: net.Socket): void {
  (this as OwnedSocket)[CONN].socketClosed();
}

function toAddress(host?: string, port?: number, family?: string): Address | undefined {
  if (host === undefined || port === undefined) return undefined;
  return { family: family === "IPv6" ? "ip6" : "ip4", host, port };
}
