/** The one place where an endpoint's state is taken over from the board, and where every change is told with its reason. */
import type { Clock } from "../../base/clock.js";
import { State } from "../../model/cells.js";
import type { HealthEvent, StateBoard } from "../report.js";
import { stateName } from "../state-name.js";
import type { Watch } from "./watch.js";

export interface TransitionOptions {
  readonly board: StateBoard;
  readonly clock: Clock;
  readonly onEvent: (event: HealthEvent) => void;
}

export class Transitions {
  readonly board: StateBoard;
  readonly clock: Clock;
  readonly #options: TransitionOptions;

  constructor(options: TransitionOptions) {
    this.board = options.board;
    this.clock = options.clock;
    this.#options = options;
  }

  /** Sets and clears bits of an endpoint's state, and tells of it where that changes what it is called. */
  mark(watch: Watch, set: number, clear: number, reason: string, by: string): void {
    this.board.mark(watch.group.spec.name, watch.spec.id, set, clear);
    this.refresh(watch, reason, by);
  }

  /** Takes over what the board says now. */
  refresh(watch: Watch, reason: string, by: string): void {
    const { group, state: from } = watch;
    const cluster = group.spec.name;
    const to = stateName(this.board.state(cluster, watch.spec.id) ?? State.UNKNOWN);
    if (to === from) return;
    group.counts[from]--;
    group.counts[to]++;
    watch.state = to;
    watch.reason = reason;
    watch.since = this.clock.now();
    watch.told.clear();
    this.#options.onEvent({ cluster, endpoint: watch.spec.id, from, to, reason, by });
  }

  /**
   * Something worth knowing that leaves the state as it is. Told again only after something else was.
   * @param what tells it apart from other things; a reason with figures is new each time
   */
  tell(watch: Watch, reason: string, by: string, what = reason): void {
    if (watch.told.get(by) === what) return;
    watch.told.set(by, what);
    const { state, group } = watch;
    this.#options.onEvent({ cluster: group.spec.name, endpoint: watch.spec.id, from: state, to: state, reason, by });
  }
}
