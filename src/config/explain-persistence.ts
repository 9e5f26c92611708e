/** Session persistence as a file writes it. */
import type { PersistenceSpec } from "../model/spec.js";
import { formatDuration } from "./units.js";

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
