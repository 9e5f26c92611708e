/** Measures the process for the metrics page. */
import { readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ProcessFigures } from "../observed.js";

/** Each tick wakes the main thread, which on a busy machine takes time from a worker. */
const RESOLUTION_MS = 100;

export interface ProcessMeter {
  /** The figures now; event-loop delays are since the call before. */
  read(): ProcessFigures;
  close(): void;
}

export function createProcessMeter(): ProcessMeter {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const startedAt = Date.now() / 1000 - process.uptime();
  // The monitor records the distance between two ticks of its own timer: what exceeds the resolution is the delay.
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  return {
    read: () => {
      const { user, system } = process.cpuUsage();
      const measured = delay.count > 0;
      const loopDelay = {
        meanMs: measured ? late(delay.mean) : 0,
        p99Ms: measured ? late(delay.percentile(99)) : 0,
        maxMs: measured ? late(delay.max) : 0,
      };
      delay.reset();
      return {
        nodeVersion: process.version,
        startedAt,
        uptimeSeconds: process.uptime(),
        cpuSeconds: (user + system) / 1e6,
        residentBytes: process.memoryUsage.rss(),
        openFiles: countOpenFiles(),
        loopDelay,
      };
    },
    close: () => {
      delay.disable();
    },
  };
}

/** Linux: the entries of /proc/self/fd, less the one that reading it opens. */
function countOpenFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return undefined;
  }
}
