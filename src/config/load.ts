/** From a file, a text or a value to a Spec. Everything is checked before anything is returned. */
import { readFile } from "node:fs/promises";
import { extname, resolve as resolvePath } from "node:path";
import { pathToFileURL } from "node:url";
import type { Spec } from "../model/spec.js";
import type { Environment } from "./environment.js";
import { toFindings } from "./issues.js";
import { ConfigError, type Finding, type Problem } from "./problem.js";
import { resolve } from "./resolve.js";
import { file as fileSchema } from "./schema/file.js";
import { parseSource, type Source, valueSource } from "./source.js";

/** What a configuration depends on besides its text. */
export interface Surroundings {
  readonly environment: Environment;
  /** What `workers: auto` means. */
  readonly cores: number;
}

export interface Loaded {
  readonly spec: Spec;
  readonly warnings: readonly Problem[];
  /** What the configuration was read from, to tell whether it has changed; undefined for a program. */
  readonly text: string | undefined;
}

const PROGRAMS = [".ts", ".mts", ".js", ".mjs"];

/**
 * Reads YAML, JSON or a program whose default export is a configuration (or a function or promise of one). A program is
 * imported anew each time; what it imports itself is not.
 * @throws ConfigError naming every mistake
 */
export async function loadFile(file: string, surroundings: Surroundings): Promise<Loaded> {
  if (PROGRAMS.includes(extname(file))) return check(await importProgram(file), surroundings);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw cannotRead(file, error);
  }
  return loadText(file, text, surroundings);
}

/** @throws ConfigError naming every mistake */
export function loadText(file: string, text: string, surroundings: Surroundings): Loaded {
  return check(parseSource(file, text, surroundings.environment), surroundings);
}

/** @throws ConfigError naming every mistake */
export function check(source: Source, surroundings: Surroundings): Loaded {
  const parsed = fileSchema.safeParse(source.value);
  if (!parsed.success) throw failed(source, toFindings(parsed.error.issues, source.value));
  const { spec, findings } = resolve(parsed.data, surroundings.cores);
  if (findings.some(({ severity }) => severity === "error")) throw failed(source, findings);
  return { spec, warnings: findings.map(source.place), text: source.text };
}

function failed(source: Source, findings: readonly Finding[]): ConfigError {
  const problems = findings.map(source.place).sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  problems.sort((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
  return new ConfigError(problems, source.text);
}

let imports = 0;

async function importProgram(file: string): Promise<Source> {
  const url = pathToFileURL(resolvePath(file));
  // The module cache never forgets: another query is another module.
  url.searchParams.set("load", String(++imports));
  let module: { readonly default?: unknown };
  try {
    module = await import(url.href);
  } catch (error) {
    throw cannotRead(file, error);
  }
  const exported = module.default;
  if (exported === undefined) {
    throw single(file, "there is no default export", "write export default defineConfig({ ... })");
  }
  const value = await (typeof exported === "function" ? exported() : exported);
  return valueSource(file, value);
}

function cannotRead(file: string, error: unknown): ConfigError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
    const hint = "name it .mjs or .js, write YAML, or use Node.js 22.18 or later";
    return single(file, `Node.js ${process.version} cannot read TypeScript`, hint, error);
  }
  return single(file, code === "ENOENT" ? "there is no such file" : message, undefined, error);
}

function single(file: string, message: string, hint: string | undefined, cause?: unknown): ConfigError {
  const nowhere = { line: undefined, column: undefined, length: 1, path: [], expected: undefined };
  return new ConfigError([{ severity: "error", file, ...nowhere, message, hint }], undefined, { cause });
}
