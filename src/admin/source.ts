/** What the admin server asks of whoever runs it. Called on each request; must be cheap and must not block. */
import type { ExplainQuery, Explanation } from "../model/explanation.js";
import type { Observed } from "../observe/observed.js";

export interface AdminSource {
  readiness(): Readiness;
  observed(): Observed;
  /** Why it cannot be explained, in words, where the question itself is wrong. */
  explain(query: ExplainQuery): Explanation | string;
}

/** Ready: all listeners are up and nothing drains. */
export interface Readiness {
  readonly ready: boolean;
  /** What is missing, one sentence each; empty when ready. */
  readonly reasons: readonly string[];
}
