/** What the monitor remembers of a cluster and of each of its endpoints. */
import type { ClusterSpec, EndpointSpec } from "../../model/spec.js";
import type { Ejections } from "../outlier.js";
import type { Standing } from "../standing.js";
import type { StateName } from "../state-name.js";

export interface Group {
  spec: ClusterSpec;
  readonly watches: Map<string, Watch>;
  /** Endpoints by state. */
  readonly counts: { [S in StateName]: number };
  panic: boolean;
}

export interface Watch {
  readonly group: Group;
  spec: EndpointSpec;
  standing: Standing;
  ejections: Ejections;
  state: StateName;
  reason: string;
  since: number;
  latencyMs: number | undefined;
  /** Why it was last not ejected; told once, until its state changes. */
  spared: string;
  stopChecks: () => void;
  stopEjection: () => void;
}

export function createGroup(spec: ClusterSpec): Group {
  return {
    spec,
    watches: new Map(),
    counts: { draining: 0, down: 0, ejected: 0, unknown: 0, up: 0 },
    panic: false,
  };
}

export function stop(watch: Watch): void {
  watch.stopChecks();
  watch.stopEjection();
}
