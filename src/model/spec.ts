/**
 * A whole configuration, resolved: frozen data, complete (every default filled in), safe to post to a worker. The
 * `config` folder makes it from a file or flags; everything else only reads it. Times are milliseconds.
 */
import type { Address } from "./address.js";

export interface Spec {
  readonly listeners: readonly ListenerSpec[];
  readonly clusters: readonly ClusterSpec[];
  /** Worker threads, `auto` already resolved to a number. */
  readonly workers: number;
  readonly engine: "auto" | "io_uring" | "epoll" | "node";
  readonly admin: { readonly address: Address } | undefined;
  readonly accessLog: AccessLogSpec | undefined;
  readonly limits: ProcessLimits;
  /** How long connections may finish after SIGTERM, or after their listener was removed. */
  readonly drainMs: number;
}

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

export interface RouteSpec {
  readonly name: string;
  readonly match: MatchSpec;
  readonly action: ActionSpec;
  readonly requestHeaders: readonly HeaderOperation[];
  readonly responseHeaders: readonly HeaderOperation[];
}

export interface MatchSpec {
  /** Lower case, without port; `*.suffix` matches any deeper name. undefined = any. */
  readonly host: string | undefined;
  readonly path: PathMatch | undefined;
  /** Any of these; empty = any method. */
  readonly methods: readonly string[];
  readonly headers: readonly FieldMatch[];
  readonly query: readonly FieldMatch[];
}

export type PathMatch =
  | { readonly kind: "exact"; readonly value: string }
  /** `/v1/*` in the file: value `/v1/`; also matches `/v1` itself. */
  | { readonly kind: "prefix"; readonly value: string }
  /** Segments split at `/`; a segment `*` matches exactly one. */
  | { readonly kind: "segments"; readonly value: readonly string[] }
  | { readonly kind: "regex"; readonly value: string };

export interface FieldMatch {
  /** Header names in lower case. */
  readonly name: string;
  readonly kind: "present" | "absent" | "exact" | "prefix" | "regex";
  readonly value: string;
}

export interface HeaderOperation {
  readonly kind: "set" | "add" | "remove";
  readonly name: string;
  /** Empty for `remove`. */
  readonly value: string;
}

export type ActionSpec =
  | {
      readonly kind: "forward";
      readonly cluster: string;
      /** Replaces the matched prefix of the path. */
      readonly rewritePrefix: string | undefined;
      readonly rewriteHost: string | undefined;
      readonly timeouts: ForwardTimeouts;
      readonly retry: RetrySpec;
      /** `Upgrade` requests become tunnels after a matching 101. */
      readonly upgrade: boolean;
    }
  | {
      readonly kind: "redirect";
      readonly status: 301 | 302 | 303 | 307 | 308;
      /** Absolute URL or path; `{host}`, `{path}` and `{query}` (with its `?`) are replaced. */
      readonly location: string;
    }
  | {
      readonly kind: "respond";
      readonly status: number;
      readonly body: string;
      readonly contentType: string;
    };

export interface ForwardTimeouts {
  /** Request sent to response header received, one try. */
  readonly responseHeaderMs: number;
  /** One try, start to response header, connecting included. */
  readonly perTryMs: number;
  /** The whole exchange: first request byte to last response byte; 0 = none. */
  readonly totalMs: number;
  /** No byte in either direction while a response or a tunnel is open. */
  readonly idleMs: number;
}

export interface RetrySpec {
  /** Tries beyond the first; 0 = never. */
  readonly attempts: number;
  readonly on: readonly ("connect-failure" | "reset" | "timeout")[];
  /** Response statuses that count as failure while a retry is still allowed. */
  readonly statuses: readonly number[];
}

export type BalanceName = "round-robin" | "random" | "least-request" | "least-connections" | "p2c" | "source-address";

export interface ClusterSpec {
  readonly name: string;
  readonly endpoints: readonly EndpointSpec[];
  readonly balance: BalanceName;
  readonly connectTimeoutMs: number;
  /** L4: further endpoints tried when connecting fails. */
  readonly connectAttempts: number;
  readonly pool: PoolSpec;
  readonly health: HealthSpec | undefined;
  readonly outlier: OutlierSpec;
  readonly retryBudget: RetryBudgetSpec;
}

export interface EndpointSpec {
  /** Identity: health and latency history belong to it. The formatted address unless the file names one. */
  readonly id: string;
  readonly address: Address;
  /** 0 = drain: keeps its connections, gets no new ones. */
  readonly weight: number;
  /** Connections (L4) or requests (L7) at once over all workers; 0 = unlimited. */
  readonly maxConnections: number;
}

export interface PoolSpec {
  /** Idle upstream connections kept per endpoint and worker. */
  readonly maxIdle: number;
  /** An idle upstream connection is closed after this long. Below what endpoints use, to lose fewer races. */
  readonly idleTimeoutMs: number;
}

export interface HealthSpec {
  readonly check:
    | { readonly kind: "tcp" }
    | {
        readonly kind: "http";
        readonly path: string;
        readonly method: string;
        /** `Host` sent; empty = the endpoint's address. */
        readonly host: string;
        readonly headers: readonly { readonly name: string; readonly value: string }[];
        /** Inclusive ranges. */
        readonly statuses: readonly (readonly [number, number])[];
        /** The body must contain this; empty = anything. */
        readonly body: string;
      };
  readonly intervalMs: number;
  /** While down or while changing. */
  readonly fastIntervalMs: number;
  readonly timeoutMs: number;
  /** Each wait is lengthened or shortened by up to this share, 0..1. */
  readonly jitter: number;
  /** Successes in a row until up, failures in a row until down. */
  readonly rise: number;
  readonly fall: number;
}

export interface OutlierSpec {
  /** Failures in a row (connect failures, resets, timeouts, 502-504) until ejected; 0 = never. */
  readonly consecutiveFailures: number;
  /** First ejection; each further one in a row takes as much longer. */
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
  /** Share of the cluster that may be ejected at once, 0..100; the last usable endpoint never is. */
  readonly maxEjectionPercent: number;
}

export interface RetryBudgetSpec {
  /** Retries in flight, as a share of active requests, 0..100. */
  readonly percent: number;
  /** Always allowed at once, so that a quiet cluster can retry at all. */
  readonly minimum: number;
}
