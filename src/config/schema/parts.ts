/**
 * The building blocks of the schema. Every message has up to three lines: what is wrong, or for a wrong type what was
 * expected. `issues.ts` reads them back; hints travel in `params` (own checks) or line by line (unknown keys).
 */
import * as z from "zod";
import { Refused, refuse } from "../refused.js";
import { suggest } from "../suggest.js";

/** What stands in `params` of an issue that a parser raised. */
export interface Params {
  readonly expected: string | undefined;
  readonly hint: string | undefined;
  /** Set where the key is wrong, not the value under it. */
  readonly at?: "key";
}

/** A text that `parse` turns into a value. */
export function text<T>(expected: string, parse: (text: string) => T | Refused) {
  return z.string({ error: expected }).transform((input, context) => settle(parse(input), expected, context));
}

/** A number, or text with a unit. */
export function quantity(
  expected: string,
  parse: (input: string | number) => number | Refused,
  least = 0,
  most = Infinity,
) {
  return z.union([z.number(), z.string()], { error: expected }).transform((input, context) => {
    const value = parse(input);
    if (value instanceof Refused || (value >= least && value <= most)) return settle(value, expected, context);
    return settle(outOfRange(input, value < least ? least : most, value < least), undefined, context);
  });
}

/** A whole number; also as text, since what comes from the environment is text. */
export function integer(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  return quantity(expected, parseInteger, least, most).meta({ minimum: least, maximum: most });
}

function parseInteger(input: string | number): number | Refused {
  const isWhole = typeof input === "number" ? Number.isInteger(input) : /^-?\d+$/.test(input);
  return isWhole ? Number(input) : refuse(`${input} is not a whole number`);
}

/** True or false; also as text, since what comes from the environment is text. */
export function flag() {
  return z
    .union([z.boolean(), z.enum(["true", "false"])], { error: "true or false" })
    .transform((input) => `${input}` === "true");
}

/** One of these words. */
export function word<const W extends readonly [string, ...string[]]>(words: W) {
  return z.enum(words, { error: `one of ${words.join(", ")}` });
}

export function list<S extends z.ZodType>(element: S, expected: string) {
  return z.array(element, { error: expected });
}

/** One or several. */
export function oneOrMore<S extends z.ZodType>(element: S, expected: string) {
  const one = element.transform((value) => [value]);
  return z.union([one, z.array(element)], { error: `${expected}, or a list of them` });
}

/**
 * A mapping in which every unknown key is an error with a hint.
 * @param foreign keys that other programs use or that stand elsewhere, and what to write instead
 */
export function mapping<const S extends z.ZodRawShape>(
  name: string,
  shape: S,
  foreign: Readonly<Record<string, string>> = {},
) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "invalid_type") return `a mapping (${name})`;
      return issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => hintFor(key, known, foreign)).join("\n")
        : undefined;
    },
  });
}

/**
 * A mapping from names that the operator chooses; comes out as a list in the file's order, which is all that a name such
 * as `constructor` can do no harm in. Names that `parseKey` makes equal are an error.
 */
export function entries<S extends z.ZodType>(expected: string, parseKey: (key: string) => string | Refused, value: S) {
  const key = z.string().superRefine((name, context) => {
    const parsed = parseKey(name);
    if (parsed instanceof Refused)
      context.addIssue({ code: "custom", message: parsed.message, params: { hint: parsed.hint } });
  });
  return z.record(key, value, { error: `a mapping from ${expected}` }).transform((input, context) => {
    const found = new Map<string, z.output<S>>();
    for (const [name, item] of Object.entries(input)) {
      const parsed = parseKey(name) as string;
      if (found.has(parsed)) {
        const params: Params = { expected: undefined, hint: "header names have no case", at: "key" };
        context.addIssue({ code: "custom", message: `${name} stands twice`, params, path: [name] });
      }
      found.set(parsed, item);
    }
    return Array.from(found, ([name, item]) => ({ name, value: item }));
  });
}

/** A key with a default from the table, whose reason becomes part of what editors show. */
export function tuned<S extends z.ZodType, const V>(
  schema: S,
  preset: { readonly value: V; readonly why: string },
  about: string,
) {
  const value = preset.value as unknown as NonNullable<z.input<S>>;
  return schema.prefault(value as never).describe(`${about} ${defaultText(preset)}`);
}

/** The same where only some forms of the mapping may have the key: what resolves it fills in the default. */
export function preset<S extends z.ZodType>(
  schema: S,
  { value, why }: { readonly value: unknown; readonly why: string },
  about: string,
) {
  return schema.optional().describe(`${about} ${defaultText({ value, why })}`);
}

function defaultText({ value, why }: { readonly value: unknown; readonly why: string }): string {
  const shown = Array.isArray(value) ? `[${value.join(", ")}]` : value === "" ? "empty" : value;
  return `Default ${shown}: ${why}.`;
}

function hintFor(key: string, known: readonly string[], foreign: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(foreign, key)) return foreign[key];
  const meant = suggest(key, known);
  return meant === undefined ? `known keys are ${known.join(", ")}` : `did you mean ${meant}?`;
}

function outOfRange(input: string | number, bound: number, isLow: boolean): Refused {
  return new Refused(
    isLow ? `${input} is too small` : `${input} is too large`,
    `the ${isLow ? "least" : "most"} is ${bound}`,
  );
}

function settle<T>(value: T, expected: string | undefined, context: z.RefinementCtx): Exclude<T, Refused> {
  if (!(value instanceof Refused)) return value as Exclude<T, Refused>;
  const params: Params = { expected, hint: value.hint };
  context.addIssue({ code: "custom", message: value.message, params });
  return z.NEVER;
}
