/** What the test (main thread) and the engine under test (its own thread) say to each other. Plain data both ways. */

import type { CloseReason, EngineStats } from "../../engine/engine.js";
import type { Address } from "../../model/address.js";
import type { EngineVariant } from "./variant.js";

export interface EngineSetup {
  readonly kind: EngineVariant;
  /** Buffers in the pool. */
  readonly buffers: number;
  readonly highWaterBytes: number;
  readonly lowWaterBytes: number;
  readonly backlog: number;
  readonly reusePort: boolean;
}

/** Callbacks of a connection, and the acceptor's call. */
export type Moment = "accept" | "open" | "data" | "drain" | "end" | "close";

/** Something done to a connection; in a reaction, where `conn` is left out, to the one that was called back. */
export type Action =
  | { readonly do: "pause" | "resume" | "end" | "finish" | "destroy" | "reset"; readonly conn?: number }
  | { readonly do: "send"; readonly conn?: number; readonly text: string }
  /** Sends this many bytes of `patternByte` and minds backpressure. */
  | { readonly do: "fill"; readonly conn?: number; readonly bytes: number }
  /** Inside onData: sends the chunk back in ranges of random size (`seed`), and minds backpressure. */
  | { readonly do: "echo"; readonly seed: number }
  /** Inside onData: keeps the buffer until `drop`. */
  | { readonly do: "keep" }
  /** Inside onData: hands the chunk to the connection that `relay` made. */
  | { readonly do: "pass" }
  /** Inside accept: connects onward, and passes everything both ways. */
  | { readonly do: "relay"; readonly to: Address }
  /** Inside accept: the acceptor returns no handler. */
  | { readonly do: "refuse" }
  | { readonly do: "connect"; readonly to: Address; readonly timeoutMs: number };

export type Command =
  | Action
  | { readonly do: "listen"; readonly at: Address }
  | { readonly do: "unlisten" }
  | { readonly do: "drop" }
  | { readonly do: "react"; readonly on: Moment; readonly actions: readonly Action[] }
  /** Reports only these moments from now on. */
  | { readonly do: "mute"; readonly except: readonly Moment[] }
  /** Keeps the engine's thread busy, so that events of several sockets are found together. */
  | { readonly do: "spin"; readonly ms: number }
  | { readonly do: "timers"; readonly afterMs: readonly number[] }
  | { readonly do: "look"; readonly conn?: number }
  | { readonly do: "usage" }
  | { readonly do: "stop" };

/** What `look` shows. */
export interface Look {
  readonly stats: EngineStats;
  readonly used: number;
  readonly unsent: number;
  readonly congested: boolean;
  readonly peer: Address | undefined;
  readonly local: Address | undefined;
}

export type Report =
  | { readonly type: "ready"; readonly wakeFd: number }
  | { readonly type: "listening"; readonly address: Address }
  | { readonly type: "failed"; readonly name: string; readonly code: string; readonly message: string }
  | { readonly type: "accept" | "open" | "drain" | "end" | "connecting"; readonly conn: number }
  | { readonly type: "data"; readonly conn: number; readonly text: string; readonly size: number }
  | { readonly type: "close"; readonly conn: number; readonly reason: CloseReason }
  | { readonly type: "timer"; readonly afterMs: number; readonly tookMs: number }
  | { readonly type: "looked"; readonly look: Look }
  /** CPU time of the whole process so far. */
  | { readonly type: "used"; readonly cpuMs: number }
  | { readonly type: "violation"; readonly text: string }
  /** Buffers in use and connections counted as open after `stop`. */
  | { readonly type: "stopped"; readonly used: number; readonly open: number };

/** Byte `i` of every `fill`: a period that divides no buffer size, so that a lost or repeated piece shows. */
export function patternByte(i: number): number {
  return i % 251;
}
