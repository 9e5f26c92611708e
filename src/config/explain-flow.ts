/** What bounds a cluster's load, written as a file again. */
import type { ClusterSpec } from "../model/spec.js";
import { formatDuration } from "./units.js";

export function flowOf({ limits, queue }: ClusterSpec) {
  return {
    limits,
    queue: queue === undefined ? undefined : { max: queue.max, timeout: formatDuration(queue.timeoutMs) },
  };
}
