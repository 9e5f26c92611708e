/** The other way of `resolve-traffic.ts`: splitting and faults as a file writes them. */
import type { FaultSpec, SplitSpec } from "../model/spec.js";
import { hashKeyOf } from "./explain-balance.js";
import { formatDuration } from "./units.js";

export function splitOf(split: SplitSpec | undefined) {
  if (split === undefined) return undefined;
  const { clusters, overrideHeader: header } = split;
  return {
    clusters: clusters.map(({ cluster, weight }) => ({ cluster, weight })),
    on: split.on.map(hashKeyOf),
    override: header === undefined ? undefined : { header },
  };
}

export function faultsOf(faults: FaultSpec | undefined) {
  if (faults === undefined) return undefined;
  const { delay, abort, asked } = faults;
  return {
    delay: delay === undefined ? undefined : { percent: `${delay.percent}%`, time: formatDuration(delay.timeMs) },
    abort: abort === undefined ? undefined : { percent: `${abort.percent}%`, status: abort.status },
    header: asked,
  };
}
