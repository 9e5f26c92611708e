/** When a draining worker has nothing left to do. */
import { TICK_MS, Timer, type TimerWheel } from "../base/timer-wheel.js";

interface Draining {
  readonly connections: number;
  onConnectionEnd: () => void;
}

/**
 * Calls `done` once: after the turn in which the last client connection ended, because what it was doing is counted and
 * logged in that turn, or once everything has been aborted at the deadline.
 * @param now milliseconds on the clock of `timers`
 */
export function watchDrainEnd(
  draining: Draining,
  timers: TimerWheel,
  now: () => number,
  deadlineMs: number,
  done: () => void,
): void {
  const last = new Timer(() => finish());
  const check = new Timer(() => {
    if (draining.connections === 0) finish();
  });
  const finish = (): void => {
    timers.cancel(last);
    timers.cancel(check);
    draining.onConnectionEnd = () => {};
    done();
  };
  draining.onConnectionEnd = () => {
    if (draining.connections === 0) timers.set(check, now());
  };
  timers.set(last, now() + deadlineMs + 2 * TICK_MS);
  draining.onConnectionEnd();
}
