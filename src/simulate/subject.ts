/** What of a configuration is simulated: one cluster, and the rules of the first route or listener that leads to it. */
import { NO_RETRY, type PriorityName } from "../model/flow-spec.js";
import type { ClusterSpec, ForwardTimeouts, RetrySpec, Spec } from "../model/spec.js";

export interface Subject {
  readonly cluster: ClusterSpec;
  readonly retry: RetrySpec;
  readonly timeouts: Pick<ForwardTimeouts, "responseHeaderMs" | "perTryMs" | "totalMs">;
  /** Its class where requests have to wait. */
  readonly priority: PriorityName;
}

const NO_TIMEOUTS = { responseHeaderMs: 0, perTryMs: 0, totalMs: 0 } as const;

/** @param name undefined where there is only one cluster @returns why not, in words, where there is no such cluster */
export function subjectOf(spec: Spec, name: string | undefined): Subject | string {
  const names = spec.clusters.map((cluster) => cluster.name).join(", ");
  if (name === undefined && spec.clusters.length !== 1) return `name one of the clusters ${names} with --cluster`;
  const cluster = name === undefined ? spec.clusters[0] : spec.clusters.find((known) => known.name === name);
  if (cluster === undefined) return `there is no cluster ${name}; clusters are ${names}`;
  for (const listener of spec.listeners) {
    if (listener.kind === "tcp") {
      if (listener.cluster === cluster.name)
        return { cluster, retry: connectRetries(cluster), timeouts: NO_TIMEOUTS, priority: "normal" };
      continue;
    }
    for (const { action } of listener.routes) {
      if (action.kind === "forward" && action.cluster === cluster.name)
        return { cluster, retry: action.retry, timeouts: action.timeouts, priority: action.priority };
    }
  }
  return { cluster, retry: NO_RETRY, timeouts: NO_TIMEOUTS, priority: "normal" };
}

/** A TCP listener tries to connect so often in all. */
function connectRetries({ connectAttempts }: ClusterSpec): RetrySpec {
  return { ...NO_RETRY, attempts: connectAttempts - 1, on: ["connect-failure"] };
}
