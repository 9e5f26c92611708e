/** Routes of a Spec: what they match, and what follows. */
import type { HashKey } from "./cluster-spec.js";
import type { HedgeSpec, PriorityName, RetrySpec } from "./flow-spec.js";

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
      /** Where `split` is given its first. */
      readonly cluster: string;
      readonly split: SplitSpec | undefined;
      readonly faults: FaultSpec | undefined;
      readonly mirror: MirrorSpec | undefined;
      /** Replaces the matched prefix of the path. */
      readonly rewritePrefix: string | undefined;
      readonly rewriteHost: string | undefined;
      readonly timeouts: ForwardTimeouts;
      readonly retry: RetrySpec;
      /** `Upgrade` requests become tunnels after a matching 101. */
      readonly upgrade: boolean;
      /** Who waits and who is refused where there is not room for all. */
      readonly priority: PriorityName;
      readonly hedge: HedgeSpec | undefined;
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

/** Requests are shared among several clusters. */
export interface SplitSpec {
  /** At least one has a weight; one of weight 0 is only reached by name. */
  readonly clusters: readonly { readonly cluster: string; readonly weight: number }[];
  /** Requests with the same first of these keys go to the same cluster; empty, or none in the request: in turn. */
  readonly on: readonly HashKey[];
  /** Lower-case name of a request header that may name one of the clusters; undefined = none. */
  readonly overrideHeader: string | undefined;
}

/** Copies of requests to another cluster, whose answers nobody sees. */
export interface MirrorSpec {
  readonly cluster: string;
  readonly percent: number;
  /** Most copies under way at once, of this route in one worker. */
  readonly max: number;
}

/** Failures made on purpose, to see how clients and services bear them. */
export interface FaultSpec {
  readonly delay: { readonly percent: number; readonly timeMs: number } | undefined;
  readonly abort: { readonly percent: number; readonly status: number } | undefined;
  /** Only requests whose X-Plimsoll-Fault names the fault are hit. */
  readonly asked: boolean;
}
