/** Looks every now and then whether this worker is overloaded, and tells everybody who takes requests. */
import { TICK_MS, Timer } from "../base/timer-wheel.js";
import { W } from "../observe/layout.js";
import { Shedding } from "../resilience/shedding.js";
import type { ProxyContext } from "./context.js";

const PERIOD_MS = 50;

export function watchOverload(context: ProxyContext): void {
  const { engine, metrics } = context;
  const { memory, timers } = engine;
  const shedding = new Shedding();
  let due = engine.now() + PERIOD_MS;
  const timer = new Timer(() => {
    const now = engine.now();
    // A timer is up to a tick late by design.
    shedding.observe(context.overload, (memory.used / memory.count) * 100, Math.max(0, now - due - TICK_MS));
    context.shedLevel = shedding.level;
    metrics[W.SHED_LEVEL] = shedding.level;
    due = now + PERIOD_MS;
    timers.set(timer, due);
  });
  timers.set(timer, due);
}
