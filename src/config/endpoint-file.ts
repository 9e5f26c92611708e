/**
 * A list of endpoints on its own, as discovery reads it: the syntax is that of `endpoints` in a configuration, and so are the
 * complaints. Empty text is refused: a file that is being written must not take every endpoint away; `[]` does.
 */
import type { EndpointSpec } from "../model/spec.js";
import type { Environment } from "./environment.js";
import { toFindings } from "./issues.js";
import { ConfigError, type Finding } from "./problem.js";
import type { Report } from "./resolve.js";
import { resolveEndpoints } from "./resolve-cluster.js";
import { endpoints as endpointList } from "./schema/cluster.js";
import { parseSource } from "./source.js";

/** @throws ConfigError naming every mistake with its line */
export function parseEndpointFile(file: string, text: string, environment: Environment): readonly EndpointSpec[] {
  const source = parseSource(file, text, environment);
  const fail = (findings: readonly Finding[]): never => {
    throw new ConfigError(findings.map(source.place), source.text);
  };
  if (source.value === null) {
    const hint = "write [] where no endpoint is meant";
    return fail([{ severity: "error", path: [], at: "value", message: "the file is empty", hint }]);
  }
  const parsed = endpointList.safeParse(source.value);
  if (!parsed.success) return fail(toFindings(parsed.error.issues, source.value));
  const findings: Finding[] = [];
  const report: Report = (severity, path, message, hint, at = "key") => {
    if (severity === "error") findings.push({ severity, path, at, message, hint });
  };
  const resolved = resolveEndpoints(parsed.data, [], report);
  return findings.length > 0 ? fail(findings) : resolved;
}
