/** What is wrong with a configuration, for a person who reads it on a terminal, or for a log. */
import { type Change, summarizeChanges } from "../config/diff.js";
import { formatProblems } from "../config/frame.js";
import { printable } from "../config/printable.js";
import { type ConfigError, formatPath, type Problem, placeOf } from "../config/problem.js";
import type { Log } from "./log.js";

/** One record for each problem. */
export function logProblems(problems: readonly Problem[], log: Log): void {
  for (const problem of problems) {
    const { severity, path, message, expected, hint } = problem;
    const key = path.length === 0 ? undefined : formatPath(path);
    const fields = { at: placeOf(problem), key, expected, hint };
    log({ level: severity === "error" ? "error" : "warn", event: `config_${severity}`, message, fields });
  }
}

/** Every problem with its line, then how many there are; ends with a newline. */
export function reportProblems({ problems, text }: ConfigError): string {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  return `${formatProblems(problems, text)}\n\n${count(errors, "error")}${also(problems.length - errors)}\n`;
}

/** One line for each change, then how many there are; ends with a newline. */
export function reportChanges(changes: readonly Change[]): string {
  const lines = changes.map(({ kind, what, name, effect }) => `${SIGNS[kind]} ${what} ${name}: ${effect}`);
  return [...lines, summarizeChanges(changes)].map((line) => `${printable(line)}\n`).join("");
}

/** `!`: needs a restart. */
const SIGNS = { added: "+", removed: "-", changed: "~", restart: "!" } as const;

function also(warnings: number): string {
  return warnings === 0 ? "" : `, ${count(warnings, "warning")}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
