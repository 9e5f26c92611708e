/** What follows something outside that names endpoints, and tells whoever asked for it. */
import type { EndpointSpec } from "../model/spec.js";

/** How one look at a source went. */
export interface Finding {
  /** The whole set; undefined = nothing usable was learnt, the last set stays. */
  readonly endpoints: readonly EndpointSpec[] | undefined;
  /** What is wrong, in words that stay the same as long as the same is wrong; undefined = all is well. */
  readonly problem: string | undefined;
}

/** Starts to follow something; `found` is called for each look, also where nothing changed. Ends with `close`. */
export type StartSource = (found: (finding: Finding) => void) => Source;

export interface Source {
  close(): void;
}

/** Reads a list of endpoints. @throws an Error that says what is wrong where */
export type ParseEndpoints = (file: string, text: string) => readonly EndpointSpec[];
