/** Checks one endpoint again and again: wait, take a place in the queue, probe, report, wait. */
import type { Clock } from "../../base/clock.js";
import type { Random } from "../../base/random.js";
import type { Address } from "../../model/address.js";
import type { HealthSpec } from "../../model/spec.js";
import { nextDelay } from "../schedule.js";
import type { Verdict } from "../standing.js";
import type { Probe } from "./probe.js";
import type { ProbeQueue } from "./probe-queue.js";

/** What all loops share. */
export interface CheckContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly queue: ProbeQueue;
  readonly probe: Probe;
}

/**
 * @param report told each verdict; returns true if the next check should come soon
 * @returns ends the loop, also in the middle of a check
 */
export function runChecks(
  context: CheckContext,
  address: Address,
  spec: HealthSpec,
  firstDelayMs: number,
  report: (verdict: Verdict) => boolean,
): () => void {
  const { clock, random, queue, probe } = context;
  let stopped = false;
  let cancel = clock.after(firstDelayMs, check);

  function check(): void {
    cancel = queue.add((done) =>
      probe(address, spec.check, spec.timeoutMs, (verdict) => {
        done();
        const soon = report(verdict);
        if (!stopped) cancel = clock.after(nextDelay(soon, spec, random), check);
      }),
    );
  }

  return () => {
    stopped = true;
    cancel();
  };
}
