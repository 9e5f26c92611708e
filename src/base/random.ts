/** Seeded chance. Policies take a `Random` so that a failing run can be replayed from its printed seed. */
export interface Random {
  /** A uniform integer in [0, 2^32). */
  next(): number;
  /** A uniform integer in [0, bound), bound <= 2^32. */
  below(bound: number): number;
}

/** Below this many of the 2^32 values of `next` lie `percent` of them (0 to 100). */
export function percentOf2to32(percent: number): number {
  return Math.round((percent / 100) * 0x1_0000_0000);
}

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes PractRand, a few nanoseconds a call. */
export function createRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed | 0;
  let counter = 1;
  function next(): number {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  }
  for (let i = 0; i < 12; i++) next();
  // Multiply-shift instead of modulo: no bias worth naming for bounds far below 2^32, and no division.
  const below = (bound: number): number => Math.floor((next() / 0x1_0000_0000) * bound);
  return { next, below };
}
