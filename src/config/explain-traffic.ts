/** The other way of `resolve-traffic.ts`: splitting, mirroring and faults as a file writes them. */
import type { FaultSpec, MirrorSpec, SplitSpec } from "../model/spec.js";
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

export function mirrorOf(mirror: MirrorSpec | undefined) {
  return mirror === undefined ? undefined : { ...mirror, percent: `${mirror.percent}%` };
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
