/**
 * What a simulation is told of the world: how requests arrive, and how each endpoint serves them as time goes on. Plain
 * data, complete; the `config` folder makes it from a file. Times are milliseconds of virtual time.
 */

export interface Scenario {
  readonly arrivals: ArrivalSpec;
  readonly durationMs: number;
  /** What happens before this is not counted. */
  readonly warmupMs: number;
  /** Network, there and back: added to each try. */
  readonly roundTripMs: number;
  /** The client sends requests that may be repeated (RFC 9110 9.2.2). */
  readonly idempotent: boolean;
  readonly keys: KeySpec;
  /** By endpoint id. Those without a script follow `others`. */
  readonly endpoints: ReadonlyMap<string, EndpointScript>;
  readonly others: EndpointScript;
}

export type ArrivalSpec =
  /** Open loop, exponential gaps: many independent clients. */
  | { readonly kind: "poisson"; readonly perSecond: number }
  /** Open loop, equal gaps. */
  | { readonly kind: "constant"; readonly perSecond: number }
  /** Closed loop: each client waits for its answer, and then for `thinkMs`. */
  | { readonly kind: "closed"; readonly clients: number; readonly thinkMs: number }
  | { readonly kind: "trace"; readonly trace: Trace };

/** Requests that have happened, in the order of `at`. */
export interface Trace {
  readonly at: Float64Array;
  /** How long each took to be answered, freed of what its endpoint is slower than the others. */
  readonly work: Float64Array;
  /** Of the client's address. */
  readonly hash: Uint32Array;
}

/** Which client or object a request is about: what hashing policies see. */
export type KeySpec =
  | { readonly kind: "uniform"; readonly count: number }
  /** The n-th most popular of `count` keys has a share in proportion to n^-exponent. */
  | { readonly kind: "zipf"; readonly count: number; readonly exponent: number };

export interface EndpointScript {
  readonly first: Behaviour;
  /** In the order of `atMs`. */
  readonly changes: readonly { readonly atMs: number; readonly behaviour: Behaviour }[];
}

/** How an endpoint serves between two changes. */
export interface Behaviour {
  readonly service: DistributionSpec;
  /** Multiplies every service time. */
  readonly slower: number;
  /** Requests served at once; others wait in order. 0 = any number. */
  readonly servers: number;
  /** Most that wait; one more is refused with 503. Infinity = any number. */
  readonly queue: number;
  /** Share of requests that fail, 0..1. */
  readonly errors: number;
  /** How long a failing request takes. */
  readonly errorMs: number;
  readonly errorStatus: number;
  /** Refuses connections. */
  readonly down: boolean;
  /** Accepts and never answers. */
  readonly hangs: boolean;
}

export type DistributionSpec =
  | { readonly kind: "constant"; readonly ms: number }
  | { readonly kind: "exponential"; readonly meanMs: number }
  /** `sigma` is the standard deviation of the logarithm. */
  | { readonly kind: "lognormal"; readonly medianMs: number; readonly sigma: number }
  /** Heavy tail: P(X > x) = (leastMs / x)^shape. Below a shape of 1 the mean is infinite, hence `mostMs`. */
  | { readonly kind: "pareto"; readonly leastMs: number; readonly shape: number; readonly mostMs: number }
  /** What the trace recorded. */
  | { readonly kind: "recorded" };
