/**
 * The engine contract: it moves bytes between sockets and `Memory`, and knows no protocol. Three implementations
 * (io_uring, epoll, node) pass one suite, `testing/engine-contract.ts`. One engine belongs to one thread; every call and
 * every callback happens on that thread, synchronously.
 */
import type { TimerWheel } from "../base/timer-wheel.js";
import type { Address } from "../model/address.js";
import type { Memory } from "./memory.js";

export type EngineKind = "io_uring" | "epoll" | "node";

/** Why a connection is gone, as its handler is told. */
export const Close = {
  /** Both directions ended in order. */
  FINISHED: 0,
  /** The peer sent RST, or writing found the connection broken. */
  RESET: 1,
  /** connect(): the peer answered RST, or nothing listens on the unix socket. */
  REFUSED: 2,
  /** connect(): no route, host or network unreachable, no free port or descriptor, or any other error. */
  UNREACHABLE: 3,
  /** connect(): no answer within the timeout. */
  TIMEOUT: 4,
} as const;
export type CloseReason = (typeof Close)[keyof typeof Close];

/** What a connection's owner implements. Classes, not literals: the call sites stay monomorphic or nearly so. */
export interface ConnHandler {
  /** connect() succeeded. Never called for an accepted connection. */
  onOpen(): void;
  /**
   * Bytes `[start, end)` of `memory.bytes`, all in `buffer`. The reference is the engine's and ends with the call:
   * retain the buffer to keep it, or hand the range to `Conn.send`, which retains for itself. The handler may overwrite
   * the range in place. After `pause()` some chunks may still come: those that the kernel had already handed over.
   */
  onData(buffer: number, start: number, end: number): void;
  /** A congested connection (see `Conn.congested`) has sent enough to take more. */
  onDrain(): void;
  /** The peer will send no more (FIN). Sending is still possible. Comes after all of its data. */
  onEnd(): void;
  /** The connection is gone, once, and nothing comes after it. Never called after `destroy()` or `reset()`. */
  onClose(reason: CloseReason): void;
}

export interface Conn {
  /** May be replaced at any time, also inside a callback; the next callback goes to the new handler. */
  handler: ConnHandler;
  /** Bytes given to `send` that the kernel has not taken yet. */
  readonly unsent: number;
  /** True from the moment `unsent` rises over the high-water mark until `onDrain`. Stop what feeds it. */
  readonly congested: boolean;
  /** The peer's address; undefined for unix sockets and for peers that have gone. Looked up on first use, then kept. */
  readonly peer: Address | undefined;
  /** The address the connection arrived at (or left from); looked up on first use. */
  readonly local: Address | undefined;
  /**
   * Queues `[start, end)` of `buffer`, in order. Retains the buffer until sent. Ignored once the connection is closed,
   * `end()`ed or broken. The bytes must not change until they are sent. An empty range is ignored.
   * Before `onOpen` it queues and is sent when the connection opens.
   */
  send(buffer: number, start: number, end: number): void;
  /** No more `onData` until `resume`. Idempotent. */
  pause(): void;
  resume(): void;
  /** FIN after everything queued has been sent. Idempotent. When the peer ends too, `onClose(FINISHED)` follows. */
  end(): void;
  /**
   * As `end`, but closes as soon as everything queued has been handed to the kernel, without waiting for the peer to end:
   * `onClose(FINISHED)` follows. For a peer that has nothing more to send: what it sends all the same is answered by RST.
   */
  finish(): void;
  /** Closes at once and silently: what is queued is lost, and no callback comes any more. Idempotent. */
  destroy(): void;
  /** As `destroy`, but the peer sees RST (SO_LINGER 0). */
  reset(): void;
}

/** Decides what to do with an accepted connection: returns its handler, or undefined to refuse (it is reset). */
export type Acceptor = (conn: Conn) => ConnHandler | undefined;

export interface Listening {
  /** The bound address: the real port where 0 was asked for. */
  readonly address: Address;
  /** Stops accepting; connections live on. Idempotent. */
  close(): void;
}

export interface EngineOptions {
  readonly memory: Memory;
  /** High-water mark: above this many unsent bytes a connection is congested. */
  readonly highWaterBytes: number;
  /** At or below this a congested connection drains. */
  readonly lowWaterBytes: number;
  /** listen(2) backlog. */
  readonly backlog: number;
  /** SO_REUSEPORT, so that each worker has its own accept queue. */
  readonly reusePort: boolean;
}

/** Figures since start, for metrics. */
export interface EngineStats {
  accepted: number;
  connected: number;
  /** Times accepting was paused because the process had no file descriptor left (EMFILE, ENFILE). */
  acceptPaused: number;
  /** Times receiving waited because no buffer was free. */
  starved: number;
  /** Turns of the loop, and system calls it made. */
  turns: number;
  syscalls: number;
  /** Connections open now (accepted and connecting ones). */
  open: number;
}

export interface Engine {
  readonly kind: EngineKind;
  readonly memory: Memory;
  readonly stats: EngineStats;
  /** Monotonic milliseconds, refreshed once per turn of the loop. */
  readonly timers: TimerWheel;
  now(): number;
  /** Binds and accepts. Throws LbError CONFIG_INVALID naming the address where it cannot be bound. */
  listen(at: Address, accept: Acceptor): Listening;
  /** Starts connecting; `onOpen` or `onClose` follows, never inside this call. */
  connect(to: Address, handler: ConnHandler, timeoutMs: number): Conn;
  /** A descriptor to which another thread writes 8 bytes (eventfd) to wake this engine; -1 where `wake` works at once. */
  readonly wakeFd: number;
  /** Called on the engine's thread after each wake-up. */
  onWake: () => void;
  /**
   * Drives the engine. io_uring and epoll block in here until `stop()` is called from a callback; the node engine
   * returns at once and is driven by the event loop.
   */
  run(): void;
  /** Leaves `run`, closes every socket and descriptor, frees native memory. The engine is dead afterwards. */
  stop(): void;
}
