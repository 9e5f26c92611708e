/** The code under test: the production cluster, health monitor and shared state, wired as one worker and its main thread are. */
import { createRandom } from "../base/random.js";
import type { Cluster } from "../cluster/cluster.js";
import { createLocalCluster } from "../cluster/local-cluster.js";
import { HealthMonitor } from "../health/io/monitor.js";
import type { Probe } from "../health/io/probe.js";
import type { HealthEvent } from "../health/report.js";
import { type FailureRow, Outcome, type OutcomeId } from "../model/outcome.js";
import type { ClusterSpec } from "../model/spec.js";
import type { VirtualClock } from "./virtual-clock.js";

/** As many as the proxy runs at once. */
const MAX_PROBES = 256;

export interface Policy {
  readonly cluster: Cluster;
  /** Shared cells: what is in flight at each endpoint. */
  readonly cells: Int32Array;
  /** Outlier detection compares what tries came to. @param responseMs -1 = no answer came */
  count(endpoint: number, outcome: OutcomeId, responseMs: number): void;
  close(): void;
}

export interface PolicyOptions {
  readonly spec: ClusterSpec;
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly probe: Probe;
  readonly onEvent: (event: HealthEvent) => void;
  readonly onPanic: (panic: boolean) => void;
}

export function createPolicy({ spec, seed, clock, probe, onEvent, onPanic }: PolicyOptions): Policy {
  const events = {
    onFailures: (name: string, endpoint: string, row: FailureRow) => monitor.reportFailures(name, endpoint, row),
  };
  const figures = new Map(
    spec.endpoints.map(({ id }) => [id, { succeeded: 0, failed: 0, responses: 0, responseMs: 0 }]),
  );
  const byIndex = [...figures.values()];
  const { cluster, table, shared, close } = createLocalCluster(spec, createRandom(seed), events, clock, onPanic);
  const monitor = new HealthMonitor({
    board: table,
    clock,
    random: createRandom(seed ^ 0x5eed),
    probe,
    maxProbes: MAX_PROBES,
    sampler: (_, endpoint) => ({ ...figures.get(endpoint)! }),
    onEvent,
  });
  monitor.update([spec]);
  return {
    cluster,
    cells: shared.cells,
    count: (endpoint, outcome, responseMs) => {
      const figure = byIndex[endpoint];
      if (outcome === Outcome.OK) figure.succeeded++;
      else if (outcome !== Outcome.ABORTED) figure.failed++;
      if (responseMs < 0) return;
      figure.responses++;
      figure.responseMs += responseMs;
    },
    close: () => {
      monitor.close();
      close();
    },
  };
}
