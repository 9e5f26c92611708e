/** A cluster's discovery, as the Spec has it. */
import type * as z from "zod";
import type { DiscoverySpec } from "../model/discovery-spec.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import type { discovery } from "./schema/discovery.js";

export function resolveDiscovery(
  found: z.output<typeof discovery> | undefined,
  path: Path,
  report: Report,
): DiscoverySpec | undefined {
  if (found === undefined) return undefined;
  const { file, dns } = found;
  if ((file === undefined) === (dns === undefined)) {
    report("error", path, "discover is either file or dns", "write file: PATH or dns: { name: ..., port: ... }", "key");
  }
  if (dns === undefined) return { kind: "file", path: file ?? "" };
  const isSrv = dns.type === "SRV";
  if (isSrv && dns.port !== undefined) {
    report("error", [...path, "dns", "port"], "SRV records carry the port", "leave port out");
  } else if (!isSrv && dns.port === undefined) {
    report("error", [...path, "dns"], "the key port is missing", `${dns.type} records carry no port`, "key");
  }
  if (isSrv && dns.mode === "logical") {
    report("error", [...path, "dns", "mode"], "SRV names several endpoints", "write mode: strict");
  }
  if (dns.minTtl > dns.maxTtl) report("error", [...path, "dns", "minTtl"], "minTtl is longer than maxTtl");
  return {
    kind: "dns",
    name: dns.name,
    port: dns.port ?? 0,
    type: dns.type,
    mode: dns.mode,
    minTtlMs: dns.minTtl,
    maxTtlMs: dns.maxTtl,
    timeoutMs: dns.timeout,
    forgetMs: dns.forgetAfter,
    resolvers: dns.resolvers,
  };
}
