/** Checks and outlier detection of a cluster, written as a file has them. */
import type { HealthSpec, OutlierSpec } from "../model/spec.js";
import { formatDuration } from "./units.js";

export function outlierOf(outlier: OutlierSpec) {
  return {
    consecutiveFailures: outlier.consecutiveFailures,
    consecutive5xx: outlier.consecutive5xx,
    consecutiveLocal: outlier.consecutiveLocal,
    ejection: formatDuration(outlier.ejectionMs),
    maxEjection: formatDuration(outlier.maxEjectionMs),
    maxEjectionPercent: `${outlier.maxEjectionPercent}%`,
  };
}

export function healthOf(health: HealthSpec) {
  return {
    ...probeOf(health.check),
    interval: formatDuration(health.intervalMs),
    fastInterval: formatDuration(health.fastIntervalMs),
    timeout: formatDuration(health.timeoutMs),
    jitter: health.jitter,
    rise: health.rise,
    fall: health.fall,
  };
}

function probeOf(check: HealthSpec["check"]) {
  if (check.kind === "tcp") return { tcp: true };
  const { path, method, host, headers, statuses, body } = check;
  const http = {
    path,
    method,
    host: host === "" ? undefined : host,
    headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
    status: statuses.map(([low, high]) => (low === high ? low : `${low}-${high}`)),
    body,
  };
  return { http };
}
