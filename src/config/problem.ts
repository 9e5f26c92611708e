/**
 * What can be wrong with a configuration, as data: one problem per mistake, with its place, what would have been right,
 * and what to do. Warnings have the same form and do not stop anything.
 */
import { LbError } from "../base/errors.js";

/** Keys and indices from the top of the configuration. */
export type Path = readonly (string | number)[];

export interface Problem {
  readonly severity: "error" | "warning";
  /** The file's name as the operator wrote it; `--listen` and the like for a flag. */
  readonly file: string;
  /** Counted from 1; undefined where there is no text (flags, a configuration that is a program). */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** Columns to underline, at least 1. */
  readonly length: number;
  readonly path: Path;
  readonly message: string;
  /** The forms that would have been right. */
  readonly expected: string | undefined;
  /** What to do about it. */
  readonly hint: string | undefined;
}

/** A problem before its place in the file is known. */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly path: Path;
  /** Whether the mistake is the key itself or the value under it. */
  readonly at: "key" | "value";
  readonly message: string;
  readonly expected?: string | undefined;
  readonly hint?: string | undefined;
}

/** A configuration that cannot be used. `problems` has at least one error. */
export class ConfigError extends LbError {
  readonly problems: readonly Problem[];
  /** The text that the problems point into, for showing the lines; undefined where there is none. */
  readonly text: string | undefined;

  constructor(problems: readonly Problem[], text: string | undefined, options?: { readonly cause?: unknown }) {
    const first = problems[0];
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    super("CONFIG_INVALID", `${placeOf(first)}: ${first.message}${more}`, options);
    this.name = "ConfigError";
    this.problems = problems;
    this.text = text;
  }
}

/** `file:line:column`, as editors and terminals make links of. */
export function placeOf(problem: Problem): string {
  return problem.line === undefined ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
}

/** `clusters.api.endpoints[0]`; a key that is not a plain word stands in brackets and quotes. */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}
