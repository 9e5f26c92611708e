/** Copies what the engine counts into the worker's shared metrics, ten times a second. */
import { Timer } from "../base/timer-wheel.js";
import { W } from "../observe/layout.js";
import type { ProxyContext } from "./context.js";

const PERIOD_MS = 100;

export function reportFigures(context: ProxyContext): void {
  const { engine, metrics } = context;
  const { memory, stats, timers } = engine;
  // The counters of a worker that died go on: this one's figures are added to where they stood.
  const fields = [W.ACCEPT_PAUSED, W.STARVED, W.TURNS, W.SYSCALLS] as const;
  const before = fields.map((field) => metrics[field]);
  metrics[W.BUFFERS_TOTAL] = memory.count;
  const timer = new Timer(() => {
    metrics[W.OPEN] = stats.open;
    metrics[W.BUFFERS_USED] = memory.used;
    metrics[W.ACCEPT_PAUSED] = before[0] + stats.acceptPaused;
    metrics[W.STARVED] = before[1] + stats.starved;
    metrics[W.TURNS] = before[2] + stats.turns;
    metrics[W.SYSCALLS] = before[3] + stats.syscalls;
    timers.set(timer, engine.now() + PERIOD_MS);
  });
  timers.set(timer, engine.now() + PERIOD_MS);
}
