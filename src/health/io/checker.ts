/** The active checks of endpoints: which of them run, what their verdicts make of each, and what agents ask for. */
import { State } from "../../model/cells.js";
import type { HealthSpec } from "../../model/spec.js";
import { combine } from "../combine.js";
import { firstDelay } from "../schedule.js";
import { advance, isUnsettled, UNKNOWN_STANDING, type Verdict } from "../standing.js";
import { targetOf } from "../target.js";
import type { CheckCounts } from "./check-counts.js";
import { type CheckContext, runChecks } from "./check-loop.js";
import type { Transitions } from "./transitions.js";
import { type Asked, type Check, nothing, type Watch } from "./watch.js";

/** A check that has to be started. */
export interface Due {
  readonly watch: Watch;
  readonly check: Check;
}

/** What an agent says is meant: it need not be said twice. */
const AT_ONCE = { rise: 1, fall: 1 };

export class Checker {
  readonly #context: CheckContext;
  readonly #transitions: Transitions;
  readonly #counts: CheckCounts;

  constructor(context: CheckContext, transitions: Transitions, counts: CheckCounts) {
    this.#context = context;
    this.#transitions = transitions;
    this.#counts = counts;
  }

  /**
   * Gives the endpoint the checks of its cluster's spec, and returns those that have to be started. What did not change
   * goes on. New rules for a check do not make a dead endpoint alive; without any check nobody can say that it is dead.
   */
  follow(watch: Watch): Due[] {
    const old = new Map(watch.checks.map((check) => [check.spec.name, check]));
    const due: Due[] = [];
    watch.checks = watch.group.spec.health.map((spec) => {
      const known = old.get(spec.name);
      old.delete(spec.name);
      if (known !== undefined && isSame(known.spec, spec)) return known;
      known?.stop();
      const check = createCheck(spec, known);
      due.push({ watch, check });
      return check;
    });
    for (const check of old.values()) check.stop();
    this.#obey(watch, "its agent is not asked any more");
    this.#write(watch);
    return due;
  }

  /** The endpoint is no longer watched: nobody asks for a share of its weight any more. */
  release(watch: Watch): void {
    watch.checks = [];
    this.#apply(watch, NOTHING_ASKED);
  }

  /** Starts what `follow` returned; `index` and `count` spread what starts together. */
  start({ watch, check }: Due, index: number, count: number): void {
    const { spec } = check;
    const delay = firstDelay(index, count, spec, this.#context.random);
    const target = targetOf(watch.spec.address, spec);
    check.stop = runChecks(this.#context, target, spec, delay, (verdict) => this.#judge(watch, check, verdict));
  }

  #judge(watch: Watch, check: Check, verdict: Verdict): boolean {
    watch.latencyMs = verdict.latencyMs;
    this.#counts.add(watch.group.spec.name, check.spec.name, verdict.ok);
    if (check.spec.check.kind === "agent") this.#hear(watch, check, verdict);
    else check.standing = advance(check.standing, verdict, check.spec);
    this.#write(watch);
    return isUnsettled(check.standing);
  }

  /**
   * An agent that cannot be reached says nothing about the endpoint: other checks tell whether that is dead, and what the
   * agent said last holds.
   */
  #hear(watch: Watch, check: Check, verdict: Verdict): void {
    const { said } = verdict;
    if (said === undefined) {
      this.#transitions.tell(watch, `the agent's word is missing: ${verdict.reason}`, check.spec.name);
      return;
    }
    const { asked } = check;
    asked.ready = said.ready ?? asked.ready;
    asked.percent = said.percent ?? asked.percent;
    asked.maxActive = said.maxActive ?? asked.maxActive;
    if (said.up !== undefined || check.standing.state === "unknown")
      check.standing = advance(check.standing, verdict, AT_ONCE);
    this.#obey(watch, `its agent says ${said.text}`);
  }

  /** Weight, limit and drain as the endpoint's agent wants them. */
  #obey(watch: Watch, reason: string): void {
    const agent = watch.checks.find(({ spec }) => spec.check.kind === "agent");
    const asked = agent?.asked ?? NOTHING_ASKED;
    this.#apply(watch, asked);
    const retires = !asked.ready || asked.percent === 0;
    const bit = State.RETIRING;
    this.#transitions.mark(watch, retires ? bit : 0, retires ? 0 : bit, reason, agent?.spec.name ?? "configuration");
  }

  #apply(watch: Watch, { percent, maxActive }: Asked): void {
    const { board } = this.#transitions;
    const { applied, group, spec } = watch;
    if (applied.percent !== percent) board.scaleWeight(group.spec.name, spec.id, percent);
    if (applied.maxActive !== maxActive) board.limitActive(group.spec.name, spec.id, maxActive);
    applied.percent = percent;
    applied.maxActive = maxActive;
  }

  #write(watch: Watch): void {
    const { board } = this.#transitions;
    const cluster = watch.group.spec.name;
    const { state, reason, by } = combine(watch.checks.map(({ spec, standing }) => ({ name: spec.name, standing })));
    const before = board.state(cluster, watch.spec.id) ?? 0;
    const set = state === "down" ? State.DOWN : state === "unknown" ? State.UNKNOWN : 0;
    if ((before & (State.DOWN | State.UNKNOWN)) === set) return;
    if ((before & State.DOWN) !== 0) board.clearFailures(cluster, watch.spec.id);
    const why = watch.checks.length === 0 ? "the check was removed" : reason;
    this.#transitions.mark(watch, set, (State.DOWN | State.UNKNOWN) & ~set, why, by || "configuration");
  }
}

const NOTHING_ASKED: Asked = { ready: true, percent: 100, maxActive: 0 };

function createCheck(spec: HealthSpec, before: Check | undefined): Check {
  const sameKind = before?.spec.check.kind === spec.check.kind;
  return {
    spec,
    standing: before === undefined ? UNKNOWN_STANDING : { ...before.standing, against: 0 },
    asked: sameKind ? { ...before.asked } : { ...NOTHING_ASKED },
    stop: nothing,
  };
}

/** Specs are plain data with a fixed order of keys. */
function isSame(a: HealthSpec, b: HealthSpec): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
