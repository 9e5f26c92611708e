/** Waits for what other threads and processes do, by looking again and again until a deadline. */
import assert from "node:assert/strict";

/** Resolves with the first value of `look` that is neither undefined nor false; rejects after `ms`. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  ms = 5000,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value as NonNullable<Exclude<T, false>>;
    assert.ok(performance.now() < deadline, `${what} within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Rejects if `promise` has not settled after `ms`. */
export async function within<T>(what: string, promise: Promise<T>, ms = 5000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
