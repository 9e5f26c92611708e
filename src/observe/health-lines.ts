/** What checks and outlier detection did, on the metrics page. */
import { header, labels, sample } from "./exposition.js";
import type { HealthCounts, Observed } from "./observed.js";

export function* healthLines({ spec, health }: Observed): Generator<string> {
  const clusters = spec.clusters.map(({ name }): [string, HealthCounts] => [name, health(name)]);
  const checks = "plimsoll_cluster_checks_total";
  yield header(checks, "counter", "Health checks of the cluster's endpoints that passed, and that failed.");
  for (const [cluster, counts] of clusters) {
    for (const { check, passed, failed } of counts.checks) {
      yield sample(checks, labels({ cluster, check, result: "passed" }), passed);
      yield sample(checks, labels({ cluster, check, result: "failed" }), failed);
    }
  }
  const ejections = "plimsoll_cluster_ejections_total";
  yield header(ejections, "counter", "Ejections by what was found, and those that were due but not allowed.");
  for (const [cluster, counts] of clusters) {
    for (const { detector, ejected, spared } of counts.ejections) {
      yield sample(ejections, labels({ cluster, detector, result: "ejected" }), ejected);
      yield sample(ejections, labels({ cluster, detector, result: "spared" }), spared);
    }
  }
}
