/** What the experiments have in common: clusters and worlds with one thing changed at a time. */
import { NO_RETRY } from "../../src/model/flow-spec.js";
import type { Behaviour, Scenario } from "../../src/model/scenario.js";
import type { BalanceName, ClusterSpec } from "../../src/model/spec.js";
import { simulate } from "../../src/simulate/simulation.js";
import type { Subject } from "../../src/simulate/subject.js";
import { createBehaviour, createScenario, createScript } from "../../src/testing/scenarios.js";
import { createBalanceSpec, createClusterSpec, createOutlierSpec } from "../../src/testing/specs.js";

/** Of every experiment. */
export const SEED = 1;

/** Nobody is ejected, nothing is retried, nothing times out. */
export function subject(size: number, policy: BalanceName, changes: Partial<ClusterSpec> = {}): Subject {
  return {
    cluster: createClusterSpec(size, {
      balance: createBalanceSpec(policy),
      outlier: createOutlierSpec({ consecutiveFailures: 0 }),
      ...changes,
    }),
    retry: NO_RETRY,
    timeouts: { responseHeaderMs: 0, perTryMs: 0, totalMs: 0 },
    priority: "normal",
  };
}

/** Without a network. */
export function world(perSecond: number, durationMs: number, others: Partial<Behaviour>): Scenario {
  return createScenario({
    arrivals: { kind: "poisson", perSecond },
    durationMs,
    others: createScript(others),
  });
}

export { createBehaviour, createScript, simulate };

export function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |\n`;
}

export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return row(header) + row(header.map(() => "---")) + rows.map(row).join("");
}
