/**
 * Who may import whom, and who may touch the world: the table in docs/architecture.md, enforced. A failure here is answered
 * by moving code, hardly ever by widening the table.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, test } from "node:test";
import { ROOT } from "../bench/root.js";
import { MAY_IMPORT, POLICY, SUPERVISOR } from "./folders.js";

const SRC = join(ROOT, "src");
const MAX_LINES = 400;

/** Package -> the only folder that may import it. */
const PACKAGES: Readonly<Record<string, string>> = {
  commander: "cli/",
  koffi: "engine/native/",
  yaml: "config/",
  zod: "config/",
};

/** Where Node's modules may be imported: what starts with one of these, and every `io` folder. */
const MAY_USE_NODE = ["engine/", "proxy/", "config/", "admin/", "cli/", "testing/"];
/** The hot path of the proxy and what explains it, although they lie in one of them. */
const NEVER_USES_NODE = ["proxy/http/", "proxy/tcp/", "proxy/explain/"];

/** Where the clock, timers, chance and the process may be reached directly. Elsewhere they are arguments. */
const MAY_USE_GLOBALS = [
  "base/",
  "engine/",
  "config/",
  "admin/",
  "cli/",
  "testing/",
  // The main thread, and the entry point of a worker thread, which hands its clock to everything below.
  ...SUPERVISOR,
  "proxy/worker.ts",
];
const GLOBALS =
  /(?<![.\w$])(?:Date\b(?!\s*:)|performance\.|set(?:Timeout|Interval|Immediate)\b|Math\.random\b|console\.|process\.(?:argv|cwd|cpuUsage|emit|env|exit|hrtime|kill|memoryUsage|nextTick|off|on|once|pid|platform|std\w+|uptime|version)\b)/;

interface Source {
  /** Path below src, with forward slashes. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const IMPORT = /^\s*(?:import|export)\b[^;"]*?\bfrom\s*"([^"]+)"|^\s*import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;

function readSource(path: string): Source {
  const text = readFileSync(join(SRC, path), "utf8");
  const imports = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3]);
  return { path, folder: path.split("/")[0], text, imports };
}

const everything = readdirSync(SRC, { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts"))
  .map(readSource);
const isTest = ({ path }: Source): boolean => /\.test(\.support)?\.ts$/.test(path);
const production = everything.filter((source) => !isTest(source));

const startsWithAny = (path: string, starts: readonly string[]): boolean => starts.some((s) => path.startsWith(s));
const isInIo = (path: string): boolean => path.split("/").includes("io");

/** Folder that a relative import leads to; undefined for packages and for the own folder. */
function foreignFolder({ path, folder }: Source, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const target = normalize(join(dirname(path), specifier)).split("/")[0];
  return target === folder ? undefined : target;
}

/** Text without comments and string contents, so that prose does not count as use. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}

describe("each folder imports only what stands below it", () => {
  for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
    test(`${folder} imports ${allowed.length === 0 ? "nothing" : `only ${allowed.join(", ")}`}`, () => {
      const wrong = production
        .filter((source) => source.folder === folder)
        .flatMap((source) => source.imports.map((specifier) => [source, specifier] as const))
        .filter(([source, specifier]) => {
          const target = foreignFolder(source, specifier);
          if (target === "admin" && SUPERVISOR.includes(source.path)) return false;
          return target !== undefined && !allowed.includes(target);
        })
        .map(([source, specifier]) => `${source.path} imports ${specifier}`);
      assert.deepEqual(wrong, []);
    });
  }

  test("the table knows every folder", () => {
    const unknown = new Set(production.map((source) => source.folder).filter((folder) => !(folder in MAY_IMPORT)));
    assert.deepEqual([...unknown], []);
  });

  test("the table allows no cycle", () => {
    const visit = (folder: string, path: readonly string[]): void => {
      assert.ok(!path.includes(folder), `cycle: ${[...path, folder].join(" -> ")}`);
      for (const next of MAY_IMPORT[folder]) visit(next, [...path, folder]);
    };
    for (const folder of Object.keys(MAY_IMPORT)) visit(folder, []);
  });

  test("the policy folders never import each other", () => {
    for (const folder of POLICY) {
      assert.deepEqual(
        MAY_IMPORT[folder].filter((other) => POLICY.includes(other)),
        [],
      );
    }
  });

  test("nobody imports the shell (cli, admin, config) except the command line; the supervisor imports admin", () => {
    const importers = Object.keys(MAY_IMPORT).filter((folder) =>
      MAY_IMPORT[folder].some((other) => ["cli", "admin", "config"].includes(other)),
    );
    assert.deepEqual(importers, ["cli"]);
  });

  test("only tests import a test, its support, or the testing folder", () => {
    const wrong = production
      .filter((source) => source.folder !== "testing")
      .flatMap((source) => source.imports.map((specifier) => `${source.path} imports ${specifier}`))
      .filter((line) => /\.test(\.support)?\.js$|\/testing\//.test(line));
    assert.deepEqual(wrong, []);
  });
});

describe("the outside world is reached from few places", () => {
  for (const [name, folder] of Object.entries(PACKAGES)) {
    test(`${name} is imported only in ${folder}`, () => {
      const wrong = production.filter(({ path, imports }) => imports.includes(name) && !path.startsWith(folder));
      assert.deepEqual(
        wrong.map(({ path }) => path),
        [],
      );
    });
  }

  test("no other package is imported", () => {
    const wrong = production.flatMap(({ path, imports }) =>
      imports
        .filter((name) => !name.startsWith(".") && !name.startsWith("node:") && !(name in PACKAGES))
        .map((name) => `${path} imports ${name}`),
    );
    assert.deepEqual(wrong, []);
  });

  test(`Node's modules are imported only in io folders and ${MAY_USE_NODE.join(" ")}`, () => {
    const wrong = production
      .filter(({ imports }) => imports.some((name) => name.startsWith("node:")))
      .map(({ path }) => path)
      .filter((path) => !isInIo(path))
      .filter((path) => !startsWithAny(path, MAY_USE_NODE) || startsWithAny(path, NEVER_USES_NODE));
    assert.deepEqual(wrong, []);
  });

  test("time, chance, timers and the process are arguments outside base, io, engine and the main thread", () => {
    const wrong = production
      .filter(({ path }) => !isInIo(path) && !startsWithAny(path, MAY_USE_GLOBALS))
      .map(({ path, text }) => [path, GLOBALS.exec(code(text))?.[0]] as const)
      .filter(([, use]) => use !== undefined)
      .map(([path, use]) => `${path} uses ${use}`);
    assert.deepEqual(wrong, []);
  });
});

test(`no source file is longer than ${MAX_LINES} lines`, () => {
  const long = everything
    .map(({ path, text }) => [path, text.split("\n").length - 1] as const)
    .filter(([, lines]) => lines > MAX_LINES)
    .map(([path, lines]) => `${path} has ${lines} lines`);
  assert.deepEqual(long, []);
});
