/** What a cluster remembers of clients, and hears from endpoints. */
import type { LoadReportSpec, PersistenceSpec } from "../model/spec.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import type { File } from "./schema/file.js";

type ClusterFile = File["clusters"][number]["value"];
type PersistenceFile = ClusterFile["persistence"];

export function resolveLoadReports(reports: ClusterFile["loadReports"]): LoadReportSpec | undefined {
  if (reports === undefined) return undefined;
  return { forward: reports.forward, errorPenalty: reports.errorPenalty, maxAgeMs: reports.maxAge };
}

export function resolvePersistence(
  persistence: PersistenceFile,
  path: Path,
  report: Report,
): PersistenceSpec | undefined {
  if (persistence === undefined) return undefined;
  const { cookie, header, source } = persistence;
  const given = [cookie, header, source].filter((one) => one !== undefined).length;
  if (given !== 1) {
    const message = given === 0 ? "the persistence has no key" : "the persistence has more than one key";
    report("error", path, message, "give it one of cookie, header and source", "key");
  }
  if (source !== undefined) return { kind: "source", ttlMs: source.ttl, size: source.size };
  const kind = cookie === undefined ? "header" : "cookie";
  if ((cookie ?? header)?.secret === undefined && given > 0) {
    const hint = "other processes, and this one after a restart, do not know its values: add secret";
    report("warning", [...path, kind], "the process makes its own secret", hint, "key");
  }
  if (cookie === undefined) return { kind: "header", name: header?.name ?? "", secret: header?.secret ?? "" };
  if (cookie.ttl % 1000 !== 0) report("error", [...path, "cookie", "ttl"], "a cookie's ttl is in whole seconds");
  if (cookie.sameSite === "none" && !cookie.secure) {
    report("error", [...path, "cookie", "sameSite"], "browsers take sameSite: none only with secure: true");
  }
  const { name, ttl, path: scope, secure, httpOnly, sameSite, secret = "" } = cookie;
  return { kind: "cookie", name, ttlMs: ttl, path: scope, secure, httpOnly, sameSite, secret };
}
