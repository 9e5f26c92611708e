/** Checks and outlier detection of a cluster, written as a file has them. */
import { formatAddress } from "../model/address.js";
import type { HealthSpec, OutlierSpec } from "../model/spec.js";
import { formatBytes } from "./parse-bytes.js";
import { formatDuration } from "./units.js";

export function outlierOf(outlier: OutlierSpec) {
  const { successRate, failurePercent, latency } = outlier;
  return {
    consecutiveFailures: outlier.consecutiveFailures,
    consecutive5xx: outlier.consecutive5xx,
    consecutiveLocal: outlier.consecutiveLocal,
    interval: formatDuration(outlier.intervalMs),
    successRate: { ...successRate, minFailurePercent: `${successRate.minFailurePercent}%` },
    failurePercent: { ...failurePercent, threshold: `${failurePercent.threshold}%` },
    latency: {
      factor: latency.factor,
      min: formatDuration(latency.minMs),
      minVolume: latency.minVolume,
      minEndpoints: latency.minEndpoints,
    },
    ejection: formatDuration(outlier.ejectionMs),
    maxEjection: formatDuration(outlier.maxEjectionMs),
    maxEjectionPercent: `${outlier.maxEjectionPercent}%`,
  };
}

/** One check stands alone, several are a list; without any the key is left out. */
export function healthOf(checks: readonly HealthSpec[]) {
  if (checks.length === 0) return undefined;
  return checks.length === 1 ? checkOf(checks[0]) : checks.map(checkOf);
}

function checkOf(health: HealthSpec) {
  return {
    name: health.name,
    ...kindOf(health),
    address: health.address === undefined ? undefined : formatAddress(health.address),
    interval: formatDuration(health.intervalMs),
    fastInterval: formatDuration(health.fastIntervalMs),
    timeout: formatDuration(health.timeoutMs),
    jitter: health.jitter,
    rise: health.rise,
    fall: health.fall,
  };
}

function kindOf({ check, port }: HealthSpec) {
  if (check.kind === "agent") return { agent: { port } };
  const other = port === 0 ? undefined : port;
  if (check.kind === "tcp") {
    const { send, expect } = check;
    return { tcp: expect === "" ? true : { send: formatBytes(send), expect: formatBytes(expect) }, port: other };
  }
  const { path, method, host, headers, statuses, body } = check;
  const http = {
    path,
    method,
    host: host === "" ? undefined : host,
    headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
    status: statuses.map(([low, high]) => (low === high ? low : `${low}-${high}`)),
    body,
  };
  return { http, port: other };
}
