/** What a route matches: host, path, methods, header fields, query parameters. All that are given must match. */
import * as z from "zod";
import type { FieldMatch } from "../../model/spec.js";
import { PATTERN, parsePathPattern, parseRegex } from "../parse-pattern.js";
import {
  HOST,
  METHOD,
  parseFieldName,
  parseFieldValue,
  parseHostPattern,
  parseLine,
  parseMethod,
} from "../parse-text.js";
import { Refused, refuse } from "../refused.js";
import { entries, mapping, oneOrMore, text } from "./parts.js";

type Condition = Omit<FieldMatch, "name">;

const CONDITION = "a value, prefix*, ~regex, true (present), false (absent) or { exact: value }";
const fieldText = text(CONDITION, parseFieldValue);

const condition = z.union(
  [
    text(CONDITION, parseCondition),
    z.boolean().transform((isPresent): Condition => ({ kind: isPresent ? "present" : "absent", value: "" })),
    mapping("exact, for a value that begins with ~ or contains *", { exact: fieldText }).transform(
      ({ exact }): Condition => ({ kind: "exact", value: exact }),
    ),
  ],
  { error: CONDITION },
);

function parseCondition(input: string): Condition | Refused {
  const value = parseFieldValue(input);
  if (value instanceof Refused) return value;
  if (value.startsWith("~")) {
    const regex = parseRegex(value.slice(1));
    return regex instanceof Refused ? regex : { kind: "regex", value: regex };
  }
  const star = value.indexOf("*");
  if (star < 0) return { kind: "exact", value };
  if (value === "*") return refuse("* matches any value", "write true for a field that must be there");
  if (star === value.length - 1) return { kind: "prefix", value: value.slice(0, -1) };
  return refuse("a * may only stand at the end", `for the text itself write { exact: ${JSON.stringify(value)} }`);
}

export function formatCondition({ kind, value }: Condition): string | boolean | { exact: string } {
  switch (kind) {
    case "present":
      return true;
    case "absent":
      return false;
    case "prefix":
      return `${value}*`;
    case "regex":
      return `~${value}`;
    case "exact":
      return value.startsWith("~") || value.includes("*") ? { exact: value } : value;
  }
}

function parseParameter(name: string): string | Refused {
  if (name === "") return refuse("a query parameter has a name");
  return /[&=#\s]/.test(name) ? refuse(`not the name of a query parameter: ${name}`) : parseLine(name);
}

function flatten(items: readonly { readonly name: string; readonly value: Condition }[]): readonly FieldMatch[] {
  return items.map(({ name, value }) => ({ name, kind: value.kind, value: value.value }));
}

export const match = mapping(
  "host, path, method, headers, query",
  {
    host: text(HOST, parseHostPattern).optional().describe("Host name; *.example.com matches any deeper name."),
    path: text(PATTERN, parsePathPattern)
      .optional()
      .describe("/exact, /prefix/* (also /prefix), /one/*/segment, or ~ and a regular expression."),
    method: oneOrMore(text(METHOD, parseMethod), METHOD).prefault([]).describe("One or several methods; none = any."),
    headers: entries("header names to conditions", parseFieldName, condition)
      .transform(flatten)
      .prefault({})
      .describe("Header fields: a value, prefix*, ~regex, true (present) or false (absent)."),
    query: entries("parameter names to conditions", parseParameter, condition)
      .transform(flatten)
      .prefault({})
      .describe("Query parameters: a value, prefix*, ~regex, true (present) or false (absent)."),
  },
  {
    methods: "write method, with one or a list",
    header: "did you mean headers?",
    paths: "one path a route: write a route for each",
  },
).prefault({});
