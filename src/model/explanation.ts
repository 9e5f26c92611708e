/** Why a request goes where it goes: what `plimsoll explain` and the admin page say. Plain data, safe to post and to print. */

/** A request that somebody asks about; it is never sent. */
export interface ExplainQuery {
  /** `http://host:port/path?query`. */
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The client's IP address. */
  readonly source: string;
  readonly seed: number;
}

export interface Explanation {
  readonly query: ExplainQuery;
  /** True if states and loads are those of a running process; false if only its configuration is known. */
  readonly live: boolean;
  readonly listener: string;
  /** Why this listener. */
  readonly listenerReason: string;
  /** Every route that was looked at, in declared order; the last one is the one taken, if any was. */
  readonly routes: readonly RouteExplanation[];
  /** What follows, in words. */
  readonly action: string;
  /** Only where the request is forwarded. */
  readonly choice: ChoiceExplanation | undefined;
}

export interface RouteExplanation {
  readonly name: string;
  readonly taken: boolean;
  /** Every condition that does not hold, in words; empty for the route taken. */
  readonly failed: readonly string[];
}

export interface ChoiceExplanation {
  readonly cluster: string;
  readonly policy: string;
  /** What the policy hashes, where it does. */
  readonly hash: number | undefined;
  /** Too few endpoints are healthy, so that all are used. */
  readonly panic: boolean;
  readonly candidates: readonly Candidate[];
  /** Endpoint id; undefined where none can be had. */
  readonly pick: string | undefined;
  /** Why none can be had. */
  readonly refusal: string | undefined;
}

export interface Candidate {
  readonly id: string;
  readonly address: string;
  readonly state: string;
  /** In force. */
  readonly weight: number;
  readonly active: number;
  /** 0 = unlimited. */
  readonly maxActive: number;
  /** Moving average, milliseconds; undefined while nothing is known. */
  readonly latencyMs: number | undefined;
  readonly priority: number;
  /** What the policy compares, lowest first; undefined where it does not compare. */
  readonly score: number | undefined;
  /** Share of many picks in this very moment that fall on it, 0..1. */
  readonly chance: number;
  /** Why it cannot be chosen; undefined if it can. */
  readonly excluded: string | undefined;
}
