/** What a route does with its requests besides forwarding them to one cluster: splitting, faults. */
import type { FaultSpec, SplitSpec } from "../model/spec.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import type { RouteFile } from "./resolve-route.js";

/** The keys of a route that name clusters, with their places. */
export function clusterReferences(route: RouteFile): readonly (readonly [name: string | undefined, path: Path])[] {
  const { cluster, split, mirror } = route;
  const shares = split?.clusters.map((one, i) => [one.cluster, ["split", ...split.at, i, "cluster"]] as const) ?? [];
  return [[cluster, ["cluster"]], [mirror?.cluster, ["mirror", "cluster"]], ...shares];
}

export function resolveSplit(split: RouteFile["split"], path: Path, report: Report): SplitSpec | undefined {
  if (split === undefined) return undefined;
  const { clusters, on, override, at } = split;
  if (clusters.every(({ weight }) => weight === 0)) {
    report("error", path, "no cluster of the split has a weight", "give one a weight above 0");
  }
  for (const [index, { cluster }] of clusters.entries()) {
    if (clusters.findIndex((one) => one.cluster === cluster) === index) continue;
    report("error", [...path, ...at, index, "cluster"], `${cluster} stands twice in the split`, "add its weights");
  }
  return {
    clusters: clusters.map(({ cluster, weight }) => ({ cluster, weight })),
    on,
    overrideHeader: override?.header,
  };
}

export function resolveFaults(faults: RouteFile["faults"], path: Path, report: Report): FaultSpec | undefined {
  if (faults === undefined) return undefined;
  const { delay, abort, header } = faults;
  if (delay === undefined && abort === undefined) {
    report("error", path, "neither a delay nor an abort", "write delay: { percent: 10%, time: 200ms }", "key");
  }
  return {
    delay: delay === undefined ? undefined : { percent: delay.percent, timeMs: delay.time },
    abort: abort === undefined ? undefined : { percent: abort.percent, status: abort.status },
    asked: header,
  };
}
