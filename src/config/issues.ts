/** Translates what the schema reports into findings: one for each mistake, at its place, in the operator's words. */
import type * as z from "zod";
import type { Finding, Path } from "./problem.js";
import type { Params } from "./schema/parts.js";
import { suggest } from "./suggest.js";

type Issue = z.core.$ZodIssue;

const PROTOCOLS: Readonly<Record<string, string>> = {
  udp: "UDP is not supported yet",
  tls: "TLS is not supported yet",
  https: "TLS is not supported yet",
  h2: "HTTP/2 is not supported yet",
  grpc: "HTTP/2 is not supported yet",
};

/** @param input what was checked: tells a missing key from one with a wrong value */
export function toFindings(issues: readonly Issue[], input: unknown): Finding[] {
  return issues.flatMap((issue) => translate(issue, [], input));
}

function translate(issue: Issue, base: Path, input: unknown): Finding[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const error = (message: string, more: Partial<Finding> = {}): Finding[] => [
    { severity: "error", path, at: "value", message, ...more },
  ];
  switch (issue.code) {
    case "custom": {
      const { expected, hint, at } = (issue.params ?? {}) as Partial<Params>;
      return error(issue.message, { expected, hint, at: at ?? "value" });
    }
    case "unrecognized_keys": {
      const hints = issue.message.split("\n");
      return issue.keys.flatMap((key, index) => {
        const finding = error(`unknown key ${key}`, { hint: hints[index], at: "key" })[0];
        return { ...finding, path: [...path, key] };
      });
    }
    case "invalid_key":
      return issue.issues
        .flatMap((inner) => translate(inner, path, input))
        .map((finding) => ({ ...finding, at: "key" }));
    case "invalid_union":
      return translateUnion(issue, path, input);
    case "invalid_value": {
      const value = valueAt(input, path);
      if (value === undefined) return missing(path, issue.message);
      const meant = typeof value === "string" ? suggest(value, issue.values.map(String)) : undefined;
      return error(`${describe(value)} is not known here`, {
        expected: issue.message,
        hint: meant === undefined ? undefined : `did you mean ${meant}?`,
      });
    }
    default: {
      const value = valueAt(input, path);
      if (value === undefined || (value === null && path.length === 0)) return missing(path, issue.message);
      return error(`unexpected ${describe(value)}`, { expected: issue.message, hint: hintFor(value, issue.message) });
    }
  }
}

/** The branch whose type fits says what is wrong inside; where none fits, the union says what would. */
function translateUnion(issue: Extract<Issue, { code: "invalid_union" }>, path: Path, input: unknown): Finding[] {
  const value = valueAt(input, path);
  if (issue.discriminator !== undefined) {
    const protocol = String(value);
    const hint = Object.hasOwn(PROTOCOLS, protocol) ? PROTOCOLS[protocol] : undefined;
    const message = `${describe(value)} is not known here`;
    return [{ severity: "error", path, at: "value", message, expected: "http or tcp", hint }];
  }
  const fitting = issue.errors.find(
    (branch) => !branch.every((inner) => inner.path.length === 0 && isTypeMismatch(inner)),
  );
  if (fitting !== undefined) return fitting.flatMap((inner) => translate(inner, path, input));
  if (value === undefined) return missing(path, issue.message);
  // Of a text that is none of the words the words say most; a single word is rather the mark of one form.
  const words = issue.errors.flat().find((inner) => isWordList(inner));
  if (typeof value === "string" && words !== undefined) {
    return translate(words, path, input).map((finding) => ({ ...finding, expected: issue.message }));
  }
  const message = `unexpected ${describe(value)}`;
  return [
    { severity: "error", path, at: "value", message, expected: issue.message, hint: hintFor(value, issue.message) },
  ];
}

function isWordList(issue: Issue): boolean {
  return issue.code === "invalid_value" && issue.path.length === 0 && issue.message.startsWith("one of ");
}

function isTypeMismatch(issue: Issue): boolean {
  if (issue.code === "invalid_union") return issue.errors.every((branch) => branch.every(isTypeMismatch));
  return issue.code === "invalid_type" || issue.code === "invalid_value";
}

function missing(path: Path, expected: string): Finding[] {
  const key = path.at(-1);
  const message = key === undefined ? "the configuration is empty" : `the key ${key} is missing`;
  return [{ severity: "error", path: path.slice(0, -1), at: "key", message, expected }];
}

function hintFor(value: unknown, expected: string): string | undefined {
  if (value === null) return "give the key a value, or leave it out";
  return typeof value === "number" && expected.includes("address") ? `for a port alone write :${value}` : undefined;
}

/** What stands there, without repeating long or secret text. */
function describe(value: unknown): string {
  if (value === null) return "empty value";
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return "mapping";
  if (typeof value === "string") return value.length <= 40 ? JSON.stringify(value) : "text";
  return String(value);
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.hasOwn(value, part) ? (value as Record<string | number, unknown>)[part] : undefined;
  }
  return value;
}
