/** A failed configuration as text: every problem with its line, then how many there are. */
import { formatProblems } from "../config/frame.js";
import type { ConfigError } from "../config/problem.js";

/** Ends with a newline. */
export function reportProblems({ problems, text }: ConfigError): string {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  return `${formatProblems(problems, text)}\n\n${count(errors, "error")}${also(problems.length - errors)}\n`;
}

function also(warnings: number): string {
  return warnings === 0 ? "" : `, ${count(warnings, "warning")}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
