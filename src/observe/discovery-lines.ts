/** The metrics of clusters that follow a source. */
import { header, labels, type MetricType, sample } from "./exposition.js";
import type { DiscoveryStatus, Observed } from "./observed.js";

const FAMILIES: readonly [string, MetricType, string, (status: DiscoveryStatus) => number][] = [
  ["plimsoll_discovery_endpoints", "gauge", "Endpoints that the source names now.", ({ endpoints }) => endpoints],
  ["plimsoll_discovery_updates_total", "counter", "Sets that the source handed over.", ({ updates }) => updates],
  ["plimsoll_discovery_failures_total", "counter", "Looks at the source that failed.", ({ failures }) => failures],
  [
    "plimsoll_discovery_failing",
    "gauge",
    "1 while something is wrong with the source and the last good set stays in force.",
    ({ problem }) => (problem === undefined ? 0 : 1),
  ],
];

export function* discoveryLines({ spec, discovery }: Observed): Generator<string> {
  const followed = spec.clusters.flatMap(({ name }) => {
    const status = discovery(name);
    return status === undefined ? [] : [{ name, status }];
  });
  for (const [name, type, help, figure] of FAMILIES) {
    yield header(name, type, help);
    for (const one of followed) {
      yield sample(name, labels({ cluster: one.name, source: one.status.source }), figure(one.status));
    }
  }
}
