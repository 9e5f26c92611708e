/** When endpoints of a cluster are ejected. */
import type { OutlierSpec } from "../model/spec.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import type { File } from "./schema/file.js";

type OutlierFile = File["clusters"][number]["value"]["outlier"];

export function resolveOutlier(outlier: OutlierFile, path: Path, report: Report): OutlierSpec {
  if (outlier.maxEjection < outlier.ejection) report("error", path, "maxEjection is shorter than ejection");
  if (outlier.latency.factor > 0 && outlier.latency.factor <= 1)
    report(
      "error",
      [...path, "latency", "factor"],
      "half of all endpoints are slower than the median",
      "write 3 or more",
    );
  return {
    consecutiveFailures: outlier.consecutiveFailures,
    consecutive5xx: outlier.consecutive5xx,
    consecutiveLocal: outlier.consecutiveLocal,
    intervalMs: outlier.interval,
    successRate: outlier.successRate,
    failurePercent: outlier.failurePercent,
    latency: {
      factor: outlier.latency.factor,
      minMs: outlier.latency.min,
      minVolume: outlier.latency.minVolume,
      minEndpoints: outlier.latency.minEndpoints,
    },
    ejectionMs: outlier.ejection,
    maxEjectionMs: outlier.maxEjection,
    maxEjectionPercent: outlier.maxEjectionPercent,
  };
}
