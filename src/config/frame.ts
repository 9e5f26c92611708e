/**
 * Problems as an operator reads them: message, place, the line itself with the mistake underlined, what was expected and
 * what to do. What comes from the file is escaped, so that a configuration cannot drive the terminal that shows it.
 */
import { printable } from "./printable.js";
import { formatPath, type Problem, placeOf } from "./problem.js";

/** Longer lines are cut: a configuration may be one line of JSON. */
const MAX_COLUMNS = 160;

/** All problems, separated by empty lines, without a final newline. */
export function formatProblems(problems: readonly Problem[], text: string | undefined): string {
  const lines = text === undefined ? [] : text.split(/\r\n|\n|\r/);
  return problems.map((problem) => formatProblem(problem, lines)).join("\n\n");
}

function formatProblem(problem: Problem, lines: readonly string[]): string {
  const { severity, message, line, column, path, expected, hint } = problem;
  const where = path.length === 0 ? "" : ` (${formatPath(path)})`;
  const margin = " ".repeat(String(line ?? "").length);
  const out =
    line === undefined
      ? [`${severity}: ${printable(`${placeOf(problem)}: ${message}${where}`)}`]
      : [`${severity}: ${printable(message)}`, `${margin}--> ${printable(placeOf(problem) + where)}`];
  const shown = line === undefined ? undefined : lines[line - 1];
  if (shown !== undefined && column !== undefined) {
    const frame = cut(shown, column - 1, problem.length);
    out.push(`${margin} |`, `${line} | ${frame.text}`, `${margin} | ${frame.marks}`);
  }
  if (expected !== undefined) out.push(`${margin} = expected: ${printable(expected)}`);
  if (hint !== undefined) out.push(`${margin} = hint: ${printable(hint)}`);
  return out.join("\n");
}

/** One character stays one column, so that the caret stands where the mistake is. */
function cut(line: string, at: number, length: number): { text: string; marks: string } {
  const from = at + length > MAX_COLUMNS ? Math.max(0, at - 40) : 0;
  const text = Array.from({ length: Math.min(line.length - from, MAX_COLUMNS) }, (_, i) => column(line[from + i]));
  const marks = Math.max(1, Math.min(length, from + MAX_COLUMNS - at));
  return { text: text.join(""), marks: " ".repeat(at - from) + "^".repeat(marks) };
}

function column(character: string): string {
  if (character === "\t") return " ";
  return printable(character) === character ? character : "?";
}
