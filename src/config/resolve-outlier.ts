/** When endpoints of a cluster are ejected. */
import type { OutlierSpec } from "../model/spec.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import type { File } from "./schema/file.js";

type OutlierFile = File["clusters"][number]["value"]["outlier"];

export function resolveOutlier(outlier: OutlierFile, path: Path, report: Report): OutlierSpec {
  if (outlier.maxEjection < outlier.ejection) report("error", path, "maxEjection is shorter than ejection");
  return {
    consecutiveFailures: outlier.consecutiveFailures,
    consecutive5xx: outlier.consecutive5xx,
    consecutiveLocal: outlier.consecutiveLocal,
    ejectionMs: outlier.ejection,
    maxEjectionMs: outlier.maxEjection,
    maxEjectionPercent: outlier.maxEjectionPercent,
  };
}
