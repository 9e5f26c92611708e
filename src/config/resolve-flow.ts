/** The part of a cluster's Spec that bounds its load. */
import type { ClusterSpec, QueueSpec } from "../model/spec.js";
import type { File } from "./schema/file.js";

type ClusterFile = File["clusters"][number]["value"];

export function resolveFlow(cluster: ClusterFile): Pick<ClusterSpec, "limits" | "queue"> {
  return { limits: cluster.limits, queue: resolveQueue(cluster.queue) };
}

function resolveQueue(queue: ClusterFile["queue"]): QueueSpec | undefined {
  return queue === undefined ? undefined : { max: queue.max, timeoutMs: queue.timeout };
}
