/** What the tests of loading share: configurations with one piece more, and how a mistake is told. */
import assert from "node:assert/strict";
import { type Loaded, loadText, type Surroundings } from "./load.js";
import { ConfigError, formatPath, type Problem } from "./problem.js";

export const surroundings: Surroundings = { environment: { PORT: "8080", BAD: "a\r\nX: y" }, cores: 4 };

export const load = (text: string, file = "a.yaml"): Loaded => loadText(file, text, surroundings);

export function problemsOf(text: string): readonly Problem[] {
  try {
    load(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, "CONFIG_INVALID");
    return error.problems;
  }
  return assert.fail("the configuration should have been refused");
}

/** `line:column path message | hint` of the first problem. */
export function first(text: string): string {
  const { line, column, path, message, hint } = problemsOf(text)[0];
  return `${line}:${column} ${formatPath(path)}: ${message}${hint === undefined ? "" : ` | ${hint}`}`;
}

/** A valid configuration but for one more piece, which begins on line 3 (listener) or 6 (cluster) or 8 (top). */
export const withListener = (piece: string) =>
  `listeners:\n  - address: :80\n    ${piece}\nclusters: { a: { endpoints: [":1"] } }\n`;
export const withRoute = (piece: string) => withListener(`routes: [{ ${piece} }]`);
export const withCluster = (piece: string) =>
  `listeners: [{ address: :80, cluster: a }]\nclusters:\n  a:\n    endpoints: [":1"]\n    ${piece}\n`;
export const withTop = (piece: string) =>
  `listeners: [{ address: :80, cluster: a }]\nclusters: { a: { endpoints: [":1"] } }\n${piece}\n`;
