/** The parts of a Spec that bound the load of a cluster, and how its routes try again. */
import type * as z from "zod";
import type { AdaptiveSpec, ClusterSpec, HedgeSpec, ListenerSpec, QueueSpec, RetrySpec } from "../model/spec.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import type { File } from "./schema/file.js";
import type { hedge as hedgeSchema } from "./schema/flow.js";
import type { retry as retrySchema } from "./schema/retry.js";

type ClusterFile = File["clusters"][number]["value"];

export function resolveFlow(
  cluster: ClusterFile,
  path: Path,
  report: Report,
): Pick<ClusterSpec, "limits" | "queue" | "adaptive"> {
  const { adaptive, limits, queue } = cluster;
  if (adaptive !== undefined && adaptive.min > adaptive.max) {
    report("error", [...path, "adaptive"], "min is larger than max");
  }
  return { limits, queue: resolveQueue(queue), adaptive: resolveAdaptive(adaptive) };
}

function resolveAdaptive(adaptive: ClusterFile["adaptive"]): AdaptiveSpec | undefined {
  if (adaptive === undefined) return undefined;
  const { min, max, tolerance, window, interval } = adaptive;
  return { min, max, tolerance: tolerance / 100, windowMs: window, intervalMs: interval };
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

/** What connections say of latency would teach an adaptive limit nothing. */
export function checkFlow(listeners: readonly ListenerSpec[], clusters: readonly ClusterSpec[], report: Report): void {
  for (const [index, listener] of listeners.entries()) {
    if (listener.kind !== "tcp") continue;
    const cluster = clusters.find(({ name }) => name === listener.cluster);
    if (cluster?.adaptive === undefined) continue;
    const hint = `give cluster ${cluster.name} limits: { requests: ... } instead`;
    report(
      "error",
      ["listeners", index, "cluster"],
      "a tcp listener cannot use a cluster with an adaptive limit",
      hint,
    );
  }
}
