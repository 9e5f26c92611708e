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

/** @param parse what a value may be, without the forms below */
function condition(parse: (text: string) => string | Refused) {
  const exact = mapping("exact, for a value that begins with ~ or contains *", { exact: text("text", parse) });
  return z.union(
    [
      text(CONDITION, (input) => parseCondition(input, parse)),
      z.boolean().transform((isPresent): Condition => ({ kind: isPresent ? "present" : "absent", value: "" })),
      exact.transform(({ exact: value }): Condition => ({ kind: "exact", value })),
    ],
    { error: CONDITION },
  );
}

function parseCondition(input: string, parse: (text: string) => string | Refused): Condition | Refused {
  const value = parse(input);
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
      .describe("/exact, /prefix/* (also /prefix), /one/*/segment, or ~ and a regular expression of the whole path."),
    method: oneOrMore(text(METHOD, parseMethod), METHOD).prefault([]).describe("One or several methods; none = any."),
    headers: entries("header names to conditions", parseFieldName, condition(parseFieldValue))
      .transform(flatten)
      .prefault({})
      .describe("Header fields: a value, prefix*, ~regex, true (present) or false (absent)."),
    query: entries("parameter names to conditions", parseParameter, condition(parseLine))
      .transform(flatten)
      .prefault({})
      .describe("Query parameters, decoded: a value, prefix*, ~regex, true (present) or false (absent)."),
  },
  {
    methods: "write method, with one or a list",
    header: "did you mean headers?",
    paths: "one path a route: write a route for each",
  },
).prefault({});
