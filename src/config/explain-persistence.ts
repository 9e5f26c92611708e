/** The other way of `resolve-persistence.ts`. */
import type { LoadReportSpec, PersistenceSpec } from "../model/spec.js";
import { formatDuration } from "./units.js";

export function loadReportsOf(reports: LoadReportSpec | undefined) {
  if (reports === undefined) return undefined;
  return { forward: reports.forward, errorPenalty: reports.errorPenalty, maxAge: formatDuration(reports.maxAgeMs) };
}

export function persistenceOf(persistence: PersistenceSpec | undefined) {
  if (persistence === undefined) return undefined;
  if (persistence.kind === "source") {
    return { source: { ttl: formatDuration(persistence.ttlMs), size: persistence.size } };
  }
  const secret = persistence.secret === "" ? undefined : persistence.secret;
  if (persistence.kind === "header") return { header: { name: persistence.name, secret } };
  const { name, ttlMs, path, secure, httpOnly, sameSite } = persistence;
  return { cookie: { name, ttl: formatDuration(ttlMs), path, secure, httpOnly, sameSite, secret } };
}
