/** Time as an argument, for the main thread. Workers have their engine's clock and timer wheel instead. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Runs `task` once, `ms` from now; the function returned cancels it, and may be called at any time. */
  after(ms: number, task: () => void): () => void;
}

export function createClock(): Clock {
  return {
    now: () => performance.now(),
    after: (ms, task) => {
      const timer = setTimeout(task, ms);
      return () => clearTimeout(timer);
    },
  };
}
