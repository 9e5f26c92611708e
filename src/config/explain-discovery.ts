/** A cluster's discovery, written as a file again. */
import { formatAddress } from "../model/address.js";
import type { DiscoverySpec } from "../model/discovery-spec.js";
import { formatDuration } from "./units.js";

export function discoveryOf(discovery: DiscoverySpec | undefined) {
  if (discovery === undefined) return undefined;
  if (discovery.kind === "file") return { file: discovery.path };
  const { name, port, type, mode, minTtlMs, maxTtlMs, timeoutMs, forgetMs, resolvers } = discovery;
  const dns = {
    name,
    port: port === 0 ? undefined : port,
    type,
    mode,
    minTtl: formatDuration(minTtlMs),
    maxTtl: formatDuration(maxTtlMs),
    timeout: formatDuration(timeoutMs),
    forgetAfter: formatDuration(forgetMs),
    resolvers: resolvers.map(formatAddress),
  };
  return { dns };
}
