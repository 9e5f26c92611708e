/** Path patterns and regular expressions. The form of the text says how it matches; what could be read two ways is refused. */
import { setFlagsFromString } from "node:v8";
import type { PathMatch } from "../model/spec.js";
import { checkedBytes } from "./parse-text.js";
import { Refused, refuse } from "./refused.js";

export const PATTERN = "a path: /exact, /prefix/*, /one/*/segment or ~regex (of the whole path)";

export function parsePathPattern(text: string): PathMatch | Refused {
  if (text.startsWith("~")) {
    const value = parseRegex(text.slice(1));
    return value instanceof Refused ? value : { kind: "regex", value };
  }
  if (text === "*") return refuse("* is not a path", "leave path out to match every path");
  if (!text.startsWith("/")) {
    return refuse(`a path begins with /: ${text}`, `write /${text}, or ~ before a regular expression`);
  }
  const checked = checkedBytes(text);
  if (checked instanceof Refused) return checked;
  if (text.includes("?")) return refuse("a path has no query", "match it with query: { name: value }");
  if (/%(?![0-9a-f]{2})|%00/i.test(text))
    return refuse("no path has a % that begins no escape, or %00", "write %25 for a %");
  const segments = text.slice(1).split("/");
  if (segments.some((segment) => /^\.\.?$/.test(segment.replace(/%2e/gi, ".")))) {
    return refuse("a . or .. segment never matches a path");
  }
  const partial = segments.find((segment) => segment.includes("*") && segment !== "*");
  if (partial !== undefined) {
    const isPrefix = partial === segments.at(-1) && partial.indexOf("*") === partial.length - 1;
    const meant = isPrefix ? `${text.slice(0, -1)}/*` : `~${text.replaceAll("*", "[^/]*")}`;
    return refuse(`* stands for a whole segment, not for a part of one: ${partial}`, `write ${meant}`);
  }
  const stars = segments.filter((segment) => segment === "*").length;
  if (stars === 0) return { kind: "exact", value: text };
  if (segments.at(-1) !== "*") return { kind: "segments", value: segments };
  if (stars === 1) return { kind: "prefix", value: text.slice(0, -1) };
  const start = text.slice(0, -1).replaceAll("*", "[^/]+");
  return refuse("a final * after another * could mean one segment or all", `write ~${start}[^/]+ or ~${start}.*`);
}

export function formatPathPattern(path: PathMatch): string {
  switch (path.kind) {
    case "exact":
      return path.value;
    case "prefix":
      return `${path.value}*`;
    case "segments":
      return `/${path.value.join("/")}`;
    case "regex":
      return `~${path.value}`;
  }
}

/**
 * The expression describes the whole text, `.` any character. Only what can be matched in linear time is accepted: a client
 * chooses the text, and one request that backtracks for minutes would stop a whole worker. V8 knows which expressions
 * these are (its non-backtracking engine refuses the others), and from here on switches to that engine when an expression
 * backtracks too much, in every thread.
 */
export function parseRegex(text: string): string | Refused {
  setFlagsFromString("--enable-experimental-regexp-engine");
  setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");
  try {
    new RegExp(text);
  } catch (error) {
    return refuse(`not a regular expression: ${(error as Error).message.replace(/^Invalid regular expression: /, "")}`);
  }
  try {
    // As it is going to be used; `l` is V8's flag for the engine that does not backtrack.
    new RegExp(`^(?:${text})$`, "sl");
  } catch {
    const hint = "leave out lookaround, back references and large counts";
    return refuse("the expression cannot be matched in linear time", hint);
  }
  return text;
}
