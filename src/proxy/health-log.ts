/** What the health of endpoints says in the log. */
import type { PlannerOptions } from "../cluster/planner.js";
import type { MonitorOptions } from "../health/io/monitor.js";
import type { LogRecord } from "./log-record.js";

export function logTransitions(log: (record: LogRecord) => void): MonitorOptions["onEvent"] {
  return ({ cluster, endpoint, from, to, reason, by }) =>
    log({
      level: to === "down" || to === "ejected" ? "warn" : "info",
      event: "endpoint_state",
      message: `endpoint ${endpoint} of cluster ${cluster}: ${from} -> ${to}: ${reason}`,
      fields: { cluster, endpoint, from, to, reason, by },
    });
}

export function logPanic(log: (record: LogRecord) => void): PlannerOptions["onPanic"] {
  return (cluster, panic) =>
    log({
      level: panic ? "error" : "info",
      event: "cluster_panic",
      message: panic
        ? `too few endpoints of cluster ${cluster} are healthy: all of them are used`
        : `enough endpoints of cluster ${cluster} are healthy again: only these are used`,
      fields: { cluster, panic },
    });
}
