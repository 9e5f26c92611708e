/** Path patterns and regular expressions. The form of the text says how it matches; what could be read two ways is refused. */
import { setFlagsFromString } from "node:v8";
import type { PathMatch } from "../model/spec.js";
import { checkedBytes } from "./parse-text.js";
import { Refused, refuse } from "./refused.js";

export const PATTERN = "a path: /exact, /prefix/*, /one/*/segment or ~regex";
export const REGEX = "a regular expression";

export function parsePathPattern(text: string): PathMatch | Refused {
  if (text.startsWith("~")) {
    const value = parseRegex(text.slice(1));
    return value instanceof Refused ? value : { kind: "regex", value };
  }
  if (!text.startsWith("/"))
    return refuse(`a path begins with /: ${text}`, `write /${text}, or ~ before a regular expression`);
  const checked = checkedBytes(text);
  if (checked instanceof Refused) return checked;
  if (text.includes("?")) return refuse("a path has no query", "match it with query: { name: value }");
  const segments = text.slice(1).split("/");
  if (segments.includes(".") || segments.includes("..")) return refuse("a . or .. segment never matches a path");
  const partial = segments.find((segment) => segment.includes("*") && segment !== "*");
  if (partial !== undefined) {
    const star =
      text.endsWith(`${partial}`) && partial.endsWith("*")
        ? `${text.slice(0, -1)}/*`
        : `~^${text.replaceAll("*", "[^/]*")}$`;
    return refuse(`* stands for a whole segment, not for a part of one: ${partial}`, `write ${star}`);
  }
  const stars = segments.filter((segment) => segment === "*").length;
  if (stars === 0) return { kind: "exact", value: text };
  if (segments.at(-1) !== "*") return { kind: "segments", value: segments };
  if (stars === 1) return { kind: "prefix", value: text.slice(0, -1) };
  const start = text.slice(0, -1).replaceAll("*", "[^/]+");
  return refuse("a final * after another * could mean one segment or all", `write ~^${start}[^/]+$ or ~^${start}`);
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
 * Only expressions that can be matched in linear time are accepted: a client chooses the text, and one request that
 * backtracks for minutes would stop a whole worker. V8 knows which these are (its non-backtracking engine refuses the
 * others), and from here on switches to that engine when an expression backtracks too much, in every thread.
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
    new RegExp(text, "l");
  } catch {
    return refuse(
      "the expression cannot be matched in linear time",
      "leave out lookaround, back references and large counts",
    );
  }
  return text;
}
