/**
 * A whole configuration, resolved: frozen data, complete (every default filled in), safe to post to a worker. The
 * `config` folder makes it from a file or flags; everything else only reads it. Times are milliseconds.
 */
import type { Address } from "./address.js";
import type { ClusterSpec } from "./cluster-spec.js";
import type { OverloadSpec } from "./flow-spec.js";
import type { RouteSpec } from "./route-spec.js";

export type * from "./cluster-spec.js";
export type * from "./discovery-spec.js";
export type * from "./flow-spec.js";
export type * from "./route-spec.js";

export interface Spec {
  readonly listeners: readonly ListenerSpec[];
  readonly clusters: readonly ClusterSpec[];
  /** Worker threads, `auto` already resolved to a number. */
  readonly workers: number;
  readonly engine: "auto" | "io_uring" | "epoll" | "node";
  readonly admin: AdminSpec | undefined;
  /** Shown by requests whose responses say why they went where they went; undefined = no response says so. */
  readonly explainToken: string | undefined;
  readonly accessLog: AccessLogSpec | undefined;
  readonly limits: ProcessLimits;
  /** How long connections may finish after SIGTERM, or after their listener was removed. */
  readonly drainMs: number;
  readonly overload: OverloadSpec;
}

export interface AdminSpec {
  readonly address: Address;
  /** What whoever changes something must show; undefined = nothing can be changed but through a unix socket. */
  readonly token: string | undefined;
  /** File in which changes at run time outlive the process; undefined = they end with it. */
  readonly state: string | undefined;
}

/** What threads and sockets were made with: a change takes effect only when the process starts anew. */
export const FIXED_KEYS = ["workers", "engine", "admin", "limits"] as const satisfies (keyof Spec)[];

export interface ProcessLimits {
  /** Client connections of one worker; more are refused at accept. */
  readonly maxConnections: number;
  /** Bytes of buffers that one worker may use. */
  readonly bufferBytes: number;
  /** Unsent bytes at which a connection stops being fed. */
  readonly highWaterBytes: number;
}

export interface AccessLogSpec {
  /** `stdout` or a file path. */
  readonly target: string;
  /** `json`, or a template with `%{field}` placeholders (observe/access-log.ts lists the fields). */
  readonly format: string;
}

export type ListenerSpec = TcpListenerSpec | HttpListenerSpec;

export interface TcpListenerSpec {
  readonly kind: "tcp";
  readonly name: string;
  readonly address: Address;
  readonly cluster: string;
  /** Neither side sent a byte for this long: both are closed. */
  readonly idleTimeoutMs: number;
}

export interface HttpListenerSpec {
  readonly kind: "http";
  readonly name: string;
  readonly address: Address;
  readonly routes: readonly RouteSpec[];
  readonly limits: HttpLimits;
  readonly timeouts: DownstreamTimeouts;
  /** CIDRs whose X-Forwarded-* and Forwarded fields are believed and extended; from others they are replaced. */
  readonly trustedProxies: readonly string[];
  /** Send `Forwarded` (RFC 7239) besides X-Forwarded-*. */
  readonly forwarded: boolean;
  /** The pseudonym in `Via` (RFC 9110 7.6.3); empty = no Via. */
  readonly via: string;
  /** Generate X-Request-Id where a request brings none (or brings one from an untrusted client). */
  readonly requestId: boolean;
}

export interface HttpLimits {
  /** Request line (431/414) and each field line, bytes. */
  readonly maxLineBytes: number;
  /** Whole header section, bytes; must be below a buffer's size. */
  readonly maxHeaderBytes: number;
  /** Field lines. */
  readonly maxHeaderCount: number;
  /** Extension bytes over all chunks of one body. */
  readonly maxChunkExtensionBytes: number;
  /** Trailer section, bytes. */
  readonly maxTrailerBytes: number;
  /** Request body, bytes; Infinity = unlimited. */
  readonly maxBodyBytes: number;
}

export interface DownstreamTimeouts {
  /** First byte of a request to the end of its header. */
  readonly headerMs: number;
  /** Between two pieces of a request body. */
  readonly bodyIdleMs: number;
  /** Least average rate of a request body and of a client reading a response, bytes per second; 0 = none. */
  readonly minBytesPerSecond: number;
  /** Between requests of a connection. */
  readonly idleMs: number;
}
