/**
 * YAML and JSON text (JSON is read as YAML, which contains it) as a value, with the place of each key and value, so that
 * every later complaint can point at its line.
 */
import * as yaml from "yaml";
import { type Environment, substitute } from "./environment.js";
import { ConfigError, type Finding, type Path, type Problem } from "./problem.js";
import { Refused } from "./refused.js";

export interface Source {
  readonly file: string;
  /** undefined where the configuration is not a text (flags, a program). */
  readonly text: string | undefined;
  readonly value: unknown;
  /** Adds the place to a finding. */
  place(finding: Finding): Problem;
}

/** @throws ConfigError for text that is not YAML, and for variables that are not set */
export function parseSource(file: string, text: string, environment: Environment): Source {
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const at = (from: number, to: number, message: string, hint: string | undefined): Problem => ({
    severity: "error",
    file,
    ...spanOf(lines, text, from, to),
    path: [],
    message,
    expected: undefined,
    hint,
  });
  const broken = [...document.errors, ...document.warnings].map((error) => {
    return at(error.pos[0], error.pos[1], syntaxMessage(error), syntaxHint(text, error));
  });
  if (broken.length > 0) throw new ConfigError(broken, text);
  const refused = inspect(document, environment).map(({ node, message, hint }) => {
    return at(node.range?.[0] ?? 0, node.range?.[1] ?? 1, message, hint);
  });
  if (refused.length > 0) throw new ConfigError(refused, text);
  const place = (finding: Finding): Problem => {
    const [from, to] = rangeOf(document, finding.path, finding.at);
    const { severity, path, message, expected, hint } = finding;
    return { severity, file, ...spanOf(lines, text, from, to), path, message, expected, hint };
  };
  try {
    return { file, text, value: document.toJS({ maxAliasCount: 100 }), place };
  } catch (error) {
    throw new ConfigError([at(0, 1, (error as Error).message, "use fewer aliases")], text, { cause: error });
  }
}

/** A configuration without a text: problems name the path only. */
export function valueSource(file: string, value: unknown): Source {
  const nowhere = { line: undefined, column: undefined, length: 1 };
  const place = ({ severity, path, message, expected, hint }: Finding): Problem => {
    return { severity, file, ...nowhere, path, message, expected, hint };
  };
  return { file, text: undefined, value, place };
}

interface Fault {
  readonly node: yaml.Scalar | yaml.Alias;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Substitutes variables in place, and finds aliases to nothing and keys that could reach a prototype. */
function inspect(document: yaml.Document, environment: Environment): Fault[] {
  const faults: Fault[] = [];
  yaml.visit(document, {
    Alias(_, node) {
      if (node.resolve(document) !== undefined) return;
      faults.push({
        node,
        message: `* begins an alias, and there is no anchor ${node.source}`,
        hint: "put the text in quotes",
      });
    },
    Scalar(key, node) {
      if (key === "key") {
        if (node.value === "__proto__") faults.push({ node, message: "unknown key __proto__", hint: undefined });
      } else if (typeof node.value === "string") {
        const value = substitute(node.value, environment);
        if (value instanceof Refused) faults.push({ node, message: value.message, hint: value.hint });
        else node.value = value;
      }
    },
  });
  return faults;
}

/** Offsets of the key or value at `path`, or of the nearest thing around it. */
function rangeOf(document: yaml.Document, path: Path, at: "key" | "value"): readonly [number, number] {
  let node: unknown = document.contents;
  let key: unknown;
  for (const part of path) {
    if (yaml.isAlias(node)) node = node.resolve(document);
    if (yaml.isSeq(node) && typeof part === "number") {
      key = undefined;
      node = node.items[part];
    } else if (yaml.isMap(node)) {
      const pair = node.items.find((item) => yaml.isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) break;
      key = pair.key;
      node = pair.value;
    } else break;
  }
  const shown = at === "key" && yaml.isNode(key) ? key : yaml.isNode(node) ? node : key;
  const range = yaml.isNode(shown) ? shown.range : undefined;
  return range ? [range[0], range[1]] : [0, 0];
}

/** Line, column and length from offsets; what goes over several lines is marked on its first. */
function spanOf(lines: yaml.LineCounter, text: string, from: number, to: number) {
  const { line, col } = lines.linePos(from);
  const end = text.slice(from, to).search(/[\r\n]/);
  const length = end < 0 ? to - from : end;
  return { line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, length) };
}

function syntaxMessage(error: yaml.YAMLError): string {
  if (error.code === "MULTIPLE_DOCS") return "the file holds several documents";
  if (error.code === "DUPLICATE_KEY") return "the key stands twice";
  return error.message;
}

/** For the mistakes that addresses, host patterns and templates invite. */
function syntaxHint(text: string, error: yaml.YAMLError): string | undefined {
  const begin = text.lastIndexOf("\n", error.pos[0] - 1) + 1;
  const end = text.indexOf("\n", error.pos[0]);
  const line = text.slice(begin, end < 0 ? undefined : end);
  if (/\[[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\]/.test(line)) return 'put an IPv6 address in quotes: "[::1]:80"';
  if (/[{[].*\$\{/.test(line)) return "inside { } and [ ] put a variable in quotes";
  if (error.code === "BAD_SCALAR_START" || error.code === "BLOCK_AS_IMPLICIT_KEY") return "put the text in quotes";
  if (error.code === "TAB_AS_INDENT") return "indent with blanks";
  if (error.code === "TAG_RESOLVE_FAILED") return "tags (!name) have no meaning here";
  if (error.code === "MULTIPLE_DOCS") return "remove the line ---";
  return undefined;
}
