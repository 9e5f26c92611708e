/**
 * Documents that repeat what the source says must not drift from it. UPDATE_DOCS=1 rewrites the tables between the
 * markers `generated: NAME` and `end`.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { ROOT } from "../bench/root.js";
import { TRAITS } from "../src/base/errors.js";
import { DEFAULTS } from "../src/config/defaults.js";
import { loadText } from "../src/config/load.js";
import { loadScenario } from "../src/config/load-scenario.js";
import { SCENARIO_DEFAULTS } from "../src/config/scenario-defaults.js";
import { compileFormat } from "../src/observe/access-log.js";
import { AccessRecord } from "../src/observe/access-record.js";
import { LineBuffer } from "../src/observe/line-buffer.js";
import { renderMetrics } from "../src/observe/prometheus.js";
import { createObserved } from "../src/testing/observed.js";
import { FOLDERS, MAY_IMPORT } from "./folders.js";

const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(ROOT, "docs"), { recursive: true })
    .map((name) => join("docs", String(name)))
    .filter((name) => name.endsWith(".md")),
  join("bench", "README.md"),
];

const read = (document: string): string => readFileSync(join(ROOT, document), "utf8");
const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |\n`;
const table = (header: readonly string[], rows: readonly string[]): string =>
  row(header) + row(header.map(() => "---")) + rows.join("");

function errorTable(): string {
  const rows = Object.entries(TRAITS).map(([code, { status, side, retry, text }]) =>
    row([`\`${code}\``, status, side, retry, text]),
  );
  return table(["Code", "Status", "Whose fault", "Retry", "Meaning"], rows);
}

interface Default {
  readonly value: unknown;
  readonly why: string;
}

function defaultTable(defaults: object): string {
  const rows: string[] = [];
  const visit = (path: string, node: object): void => {
    if ("why" in node) {
      const { value, why } = node as Default;
      rows.push(row([`\`${path}\``, value === "" ? "empty" : `\`${JSON.stringify(value).replaceAll('"', "")}\``, why]));
    } else
      for (const [key, child] of Object.entries(node)) visit(path === "" ? key : `${path}.${key}`, child as object);
  };
  visit("", defaults);
  return table(["Key", "Default", "Why"], rows);
}

function metricTable(): string {
  const page = [...renderMetrics(createObserved())].join("");
  const rows: string[] = [];
  for (const [, name, help, type] of page.matchAll(/^# HELP (\w+) (.*)\n# TYPE \w+ (\w+)$/gm)) {
    const sample = new RegExp(`^${name}(?:_count)?\\{(.*)\\} `, "m").exec(page)?.[1] ?? "";
    const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label);
    rows.push(row([`\`${name}\``, type, labels.join(", "), help]));
  }
  return table(["Name", "Type", "Labels", "Meaning"], rows);
}

function folderTable(): string {
  const rows = Object.entries(MAY_IMPORT).map(([folder, allowed]) =>
    row([folder, FOLDERS[folder], allowed.length === 0 ? "nothing" : allowed.join(", ")]),
  );
  return table(["Folder", "What it is for", "May import"], rows);
}

describe("generated tables say what the source says", () => {
  const tables: [document: string, name: string, create: () => string][] = [
    [join("docs", "guide", "errors.md"), "errors", errorTable],
    [join("docs", "guide", "limits-and-timeouts.md"), "defaults", () => defaultTable(DEFAULTS)],
    [join("docs", "guide", "simulate.md"), "scenario", () => defaultTable(SCENARIO_DEFAULTS)],
    [join("docs", "guide", "metrics.md"), "metrics", metricTable],
    [join("docs", "architecture.md"), "folders", folderTable],
  ];
  for (const [document, name, create] of tables) {
    test(`${name} in ${document} is up to date`, () => {
      const begin = `<!-- generated: ${name} -->\n`;
      const [before, rest = ""] = read(document).split(begin);
      const end = rest.indexOf("<!-- end -->");
      assert.ok(end >= 0, `${document} has the markers of ${name}`);
      const expected = create();
      if (process.env.UPDATE_DOCS === "1")
        writeFileSync(join(ROOT, document), before + begin + expected + rest.slice(end));
      else assert.equal(rest.slice(0, end), expected, "UPDATE_DOCS=1 npm test -- test/docs rewrites it");
    });
  }
});

test("the access-log page names every field, in the order of the JSON keys", () => {
  const line = new LineBuffer();
  compileFormat("json")(new AccessRecord(), line);
  const keys = Object.keys(JSON.parse(Buffer.from(line.bytes.subarray(0, line.length)).toString()));
  const named = [...read(join("docs", "guide", "access-log.md")).matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(named, keys);
});

describe("configurations in documents are valid", () => {
  for (const document of DOCUMENTS) {
    const blocks = [...read(document).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text);
    for (const [index, text] of blocks.entries()) {
      test(`${document}, block ${index + 1}`, () => {
        const { warnings } = loadText(document, text, { environment: {}, cores: 2 });
        assert.deepEqual(warnings, []);
      });
    }
  }
});

test("scenarios in documents are valid", () => {
  const text = read(join("docs", "guide", "simulate.md"));
  const blocks = [...text.matchAll(/```yml\n([\s\S]*?)```/g)].map(([, block]) => block);
  assert.ok(blocks.length > 0);
  for (const block of blocks) loadScenario("simulate.md", block, {}, ["10.0.0.2:80"]);
});

test("links in documents lead somewhere", () => {
  const dead: string[] = [];
  for (const document of DOCUMENTS) {
    for (const [, target] of read(document).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      if (!existsSync(join(ROOT, dirname(document), target))) dead.push(`${document}: ${target}`);
    }
  }
  assert.deepEqual(dead, []);
});
