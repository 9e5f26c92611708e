/**
 * Faults made on purpose, as one request meets them: it waits on the timer wheel, is answered with an error, or both.
 * Whoever ends the exchange earlier calls `cancel`.
 */
import { Timer } from "../../base/timer-wheel.js";
import type { FaultSpec } from "../../model/spec.js";
import { L } from "../../observe/layout.js";
import { Fault, FaultRule } from "../../resilience/fault-rule.js";
import type { RequestHead } from "../../wire/http1/head.js";
import type { ProxyContext } from "../context.js";
import type { Account } from "./account.js";
import { compileFixedResponse, type FixedResponse } from "./fixed-response.js";
import { hasWord } from "./list-fields.js";
import { latin1 } from "./put-bytes.js";
import { findHeader, Range } from "./request-part.js";

/** Names the faults that the request asks for: `delay`, `abort`, or both. */
const HEADER = latin1("x-plimsoll-fault");
const DELAY = latin1("delay");
const ABORT = latin1("abort");
const NAMES = ["", "delay", "abort", "delay,abort"] as const;

export interface RouteFaults {
  readonly rule: FaultRule;
  readonly delayMs: number;
  readonly response: FixedResponse;
}

/** @throws LbError CONFIG_INVALID for a status that ends no request */
export function compileFaults(spec: FaultSpec): RouteFaults {
  const { delay, abort } = spec;
  const status = abort?.status ?? 503;
  const body = "FAULT_INJECTED: the route's configuration made it fail\n";
  return {
    rule: new FaultRule(delay?.percent ?? 0, abort?.percent ?? 0, spec.asked),
    delayMs: delay?.timeMs ?? 0,
    response: compileFixedResponse({ kind: "respond", status, body, contentType: "text/plain; charset=utf-8" }, []),
  };
}

/** What goes on after the faults. */
export interface FaultOwner {
  /** The request was delayed as long as it should. */
  onFaultDelayed(): void;
}

export class FaultInjection {
  /** Of the request at hand: what it is answered with instead of being forwarded. */
  abort: FixedResponse | undefined = undefined;
  readonly #context: ProxyContext;
  readonly #account: Account;
  readonly #timer: Timer;
  readonly #range = new Range();

  constructor(context: ProxyContext, account: Account, owner: FaultOwner) {
    this.#context = context;
    this.#account = account;
    this.#timer = new Timer(() => owner.onFaultDelayed());
  }

  /** Draws the faults of a request. True: it waits, and the owner hears when that is over. */
  begin(faults: RouteFaults, head: RequestHead, listenerMetrics: number): boolean {
    const { engine, metrics, random } = this.#context;
    const { rule } = faults;
    const drawn = rule.draw(rule.mustAsk ? this.#asked(head) : Fault.NONE, random);
    this.abort = (drawn & Fault.ABORT) === 0 ? undefined : faults.response;
    if (drawn === Fault.NONE) return false;
    this.#account.onFault(NAMES[drawn]);
    if (this.abort !== undefined) metrics[listenerMetrics + L.FAULT_ABORTS]++;
    if ((drawn & Fault.DELAY) === 0) return false;
    metrics[listenerMetrics + L.FAULT_DELAYS]++;
    engine.timers.set(this.#timer, engine.now() + faults.delayMs);
    return true;
  }

  /** The exchange is over, or goes on for another reason. */
  cancel(): void {
    if (this.#timer.pending) this.#context.engine.timers.cancel(this.#timer);
    this.abort = undefined;
  }

  #asked(head: RequestHead): number {
    const { bytes } = this.#context.engine.memory;
    const range = this.#range;
    if (!findHeader(bytes, head, HEADER, range)) return Fault.NONE;
    const delay = hasWord(bytes, range.start, range.end, DELAY) ? Fault.DELAY : Fault.NONE;
    return delay | (hasWord(bytes, range.start, range.end, ABORT) ? Fault.ABORT : Fault.NONE);
  }
}
