/**
 * Active checks of modelled endpoints: each check is work at its endpoint like any request, and waits in the same queue. An
 * endpoint that is overloaded fails its checks, as it does in life.
 */
import type { Probe } from "../health/io/probe.js";
import type { Verdict } from "../health/standing.js";
import { targetOf } from "../health/target.js";
import { formatAddress } from "../model/address.js";
import type { CheckSpec, ClusterSpec } from "../model/spec.js";
import type { EndpointModel } from "./endpoint-model.js";
import { Result, type ResultId } from "./jobs.js";
import type { VirtualClock } from "./virtual-clock.js";

interface Waiting {
  readonly check: CheckSpec;
  readonly model: EndpointModel;
  readonly decide: (ok: boolean, reason: string) => void;
}

/**
 * Puts a check to the endpoint with that index.
 * @param number counts up: no two checks have the same
 * @param works false: only connects, which the kernel does even for a program that is busy or hangs
 */
export type Send = (endpoint: number, number: number, works: boolean) => void;

export class Probes {
  readonly #clock: VirtualClock;
  readonly #models: readonly EndpointModel[];
  readonly #indices: ReadonlyMap<string, number>;
  readonly #send: Send;
  readonly #waiting = new Map<number, Waiting>();
  #number = 0;

  constructor(clock: VirtualClock, spec: ClusterSpec, models: readonly EndpointModel[], send: Send) {
    this.#clock = clock;
    this.#models = models;
    this.#indices = indexTargets(spec);
    this.#send = send;
  }

  readonly probe: Probe = (address, check, timeoutMs, done) => {
    const index = this.#indices.get(formatAddress(address));
    if (index === undefined || check.kind === "agent") return this.#clock.after(0, () => done(NOT_MODELLED));
    const number = this.#number++;
    const startedAt = this.#clock.now();
    const forget = (): void => {
      cancelTimeout();
      this.#waiting.delete(number);
    };
    const decide = (ok: boolean, reason: string): void => {
      forget();
      const verdict: Verdict = { ok, reason, latencyMs: this.#clock.now() - startedAt };
      done(verdict);
    };
    const cancelTimeout = this.#clock.after(timeoutMs, () => decide(false, `timed out after ${timeoutMs} ms`));
    this.#waiting.set(number, { check, model: this.#models[index], decide });
    this.#send(index, number, needsWork(check));
    return forget;
  };

  /** What was sent for check `number` has its answer. */
  answer(number: number, result: ResultId): void {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return;
    const { check, model, decide } = waiting;
    if (result === Result.REFUSED) decide(false, "connect refused");
    else if (!needsWork(check)) decide(true, "connected");
    else if (result === Result.SERVED) decide(true, "answered as it should");
    else if (check.kind !== "http") decide(false, "answered otherwise than expected");
    else {
      const status = result === Result.FULL ? 503 : model.behaviour.errorStatus;
      decide(
        check.statuses.some(([from, to]) => status >= from && status <= to),
        `status ${status}`,
      );
    }
  }
}

/** What listens at an address that is not one endpoint's, and what agents say: nothing that would change the simulation. */
const NOT_MODELLED: Verdict = { ok: true, reason: "not modelled", latencyMs: 0 };

/** False: the kernel answers, whatever the program does. */
function needsWork(check: CheckSpec): boolean {
  return check.kind === "http" || (check.kind === "tcp" && check.expect !== "");
}

/** Where the endpoints' checks go. An address that several endpoints share is none of them. */
function indexTargets(spec: ClusterSpec): Map<string, number> {
  const indices = new Map<string, number>();
  const shared = new Set<string>();
  spec.endpoints.forEach(({ address }, index) => {
    for (const target of new Set(spec.health.map((check) => formatAddress(targetOf(address, check))))) {
      if (indices.has(target)) shared.add(target);
      indices.set(target, index);
    }
  });
  for (const target of shared) indices.delete(target);
  return indices;
}
