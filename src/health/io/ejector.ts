/** Carries out ejections, whichever detector asked for them, and ends them. */
import { State } from "../../model/cells.js";
import { decide } from "../outlier.js";
import type { Transitions } from "./transitions.js";
import type { Watch } from "./watch.js";

export interface EjectionCount {
  readonly detector: string;
  ejected: number;
  /** Due, but not allowed. */
  spared: number;
}

export class Ejector {
  readonly #transitions: Transitions;
  readonly #counts = new Map<string, Map<string, EjectionCount>>();

  constructor(transitions: Transitions) {
    this.#transitions = transitions;
  }

  /** Ejects a usable endpoint for what `detector` found, unless too much is out already. */
  consider(watch: Watch, detector: string, cause: string): void {
    if (watch.state !== "up" && watch.state !== "unknown") return;
    const { counts, spec, watches } = watch.group;
    const around = { endpoints: watches.size, ejected: counts.ejected, usable: counts.up + counts.unknown };
    const decision = decide(watch.ejections, around, spec.outlier, this.#transitions.clock.now());
    const count = this.#countOf(spec.name, detector);
    if (!decision.eject) {
      count.spared++;
      this.#transitions.tell(watch, `${cause}, but not ejected: ${decision.reason}`, detector, decision.reason);
      return;
    }
    count.ejected++;
    watch.ejections = decision.ejections;
    const { durationMs } = decision.ejections;
    this.#transitions.mark(watch, State.EJECTED, 0, `${cause}, ejected for ${durationMs} ms`, detector);
    watch.stopEjection = this.#transitions.clock.after(durationMs, () => {
      this.#transitions.board.clearFailures(spec.name, watch.spec.id);
      this.#transitions.mark(watch, 0, State.EJECTED, `ejection of ${durationMs} ms is over`, detector);
    });
  }

  /** Of these detectors, zeroes included. */
  counts(cluster: string, detectors: readonly string[]): EjectionCount[] {
    return detectors.map((detector) => this.#countOf(cluster, detector));
  }

  forget(cluster: string): void {
    this.#counts.delete(cluster);
  }

  #countOf(cluster: string, detector: string): EjectionCount {
    let detectors = this.#counts.get(cluster);
    if (detectors === undefined) this.#counts.set(cluster, (detectors = new Map()));
    let count = detectors.get(detector);
    if (count === undefined) detectors.set(detector, (count = { detector, ejected: 0, spared: 0 }));
    return count;
  }
}
