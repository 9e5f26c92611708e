/** What the admin server asks of whoever runs it. Called on each request; must be cheap and must not block. */
import type { Observed } from "../observe/observed.js";

export interface AdminSource {
  readiness(): Readiness;
  observed(): Observed;
}

/** Ready: all listeners are up and nothing drains. */
export interface Readiness {
  readonly ready: boolean;
  /** What is missing, one sentence each; empty when ready. */
  readonly reasons: readonly string[];
}
