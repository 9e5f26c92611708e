/** The parts of a Spec that bound the load of a cluster, and how its routes try again. */
import type * as z from "zod";
import type { ClusterSpec, HedgeSpec, QueueSpec, RetrySpec } from "../model/spec.js";
import type { File } from "./schema/file.js";
import type { hedge as hedgeSchema } from "./schema/flow.js";
import type { retry as retrySchema } from "./schema/retry.js";

type ClusterFile = File["clusters"][number]["value"];

export function resolveFlow(cluster: ClusterFile): Pick<ClusterSpec, "limits" | "queue"> {
  return { limits: cluster.limits, queue: resolveQueue(cluster.queue) };
}

function resolveQueue(queue: ClusterFile["queue"]): QueueSpec | undefined {
  return queue === undefined ? undefined : { max: queue.max, timeoutMs: queue.timeout };
}

export function resolveRetry(retry: z.output<typeof retrySchema>): RetrySpec {
  const { attempts, on, statuses, backoff, minTime, maxRetryAfter } = retry;
  return {
    attempts,
    on,
    statuses,
    backoff: { baseMs: backoff.base, maxMs: Math.max(backoff.base, backoff.max) },
    minTimeMs: minTime,
    maxRetryAfterMs: maxRetryAfter,
  };
}

export function resolveHedge(hedge: z.output<typeof hedgeSchema> | undefined): HedgeSpec | undefined {
  if (hedge === undefined) return undefined;
  return { afterPercent: hedge.after.percent, afterMs: hedge.after.ms, max: hedge.max };
}
