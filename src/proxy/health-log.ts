/** What the health of endpoints says in the log. */
import type { MonitorOptions } from "../health/io/monitor.js";
import type { LogRecord } from "./log-record.js";

export function logHealth(log: (record: LogRecord) => void): Pick<MonitorOptions, "onEvent" | "onPanic"> {
  return {
    onEvent: ({ cluster, endpoint, from, to, reason, by }) =>
      log({
        level: to === "down" || to === "ejected" ? "warn" : "info",
        event: "endpoint_state",
        message: `endpoint ${endpoint} of cluster ${cluster}: ${from} -> ${to}: ${reason}`,
        fields: { cluster, endpoint, from, to, reason, by },
      }),
    onPanic: (cluster, panic) =>
      log({
        level: panic ? "error" : "info",
        event: "cluster_panic",
        message: panic
          ? `every endpoint of cluster ${cluster} is bad: all of them are used`
          : `cluster ${cluster} has a usable endpoint again`,
        fields: { cluster, panic },
      }),
  };
}
