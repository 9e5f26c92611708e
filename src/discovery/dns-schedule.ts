/** When DNS is asked again. */
import type { Random } from "../base/random.js";
import type { DnsDiscoverySpec } from "../model/spec.js";

type Bounds = Pick<DnsDiscoverySpec, "minTtlMs" | "maxTtlMs">;

/** The longest wait after a failure, unless maxTtl is shorter: an outage of DNS ends without anybody telling us. */
const MAX_RETRY_MS = 30_000;
/** Waits are lengthened by up to this share, so that many balancers, and many clusters of one, do not ask together. */
const JITTER = 0.1;

/** Once what was answered expires, within the bounds of the configuration. */
export function delayAfterAnswer(ttlMs: number, { minTtlMs, maxTtlMs }: Bounds, random: Random): number {
  return lengthen(Math.min(Math.max(ttlMs, minTtlMs), maxTtlMs), random);
}

/** @param failures in a row, at least 1: each doubles the wait */
export function delayAfterFailure(failures: number, { minTtlMs, maxTtlMs }: Bounds, random: Random): number {
  const doubled = minTtlMs * 2 ** Math.min(failures - 1, 16);
  return lengthen(Math.min(doubled, Math.max(minTtlMs, MAX_RETRY_MS), maxTtlMs), random);
}

function lengthen(ms: number, random: Random): number {
  return ms * (1 + (JITTER * random.below(1001)) / 1000);
}
