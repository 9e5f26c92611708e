/** Work at the endpoints: one job for each try and each probe that reached one. It outlives a try that was given up. */

/** How a job ends. */
export const Result = {
  /** Under way. */
  NONE: 0,
  SERVED: 1,
  /** Answered with the endpoint's error status. */
  FAILED: 2,
  /** The endpoint had no place left in its queue: 503. */
  FULL: 3,
  /** The connection was refused. */
  REFUSED: 4,
} as const;
export type ResultId = (typeof Result)[keyof typeof Result];

export class Jobs {
  /** Whose it is: a flight's number, or -1 - a probe's. */
  owner = new Int32Array(256);
  /** The owner's turn when it began: another one now means that nobody waits any more. */
  turn = new Int32Array(256);
  /** Index of the endpoint. */
  endpoint = new Int32Array(256);
  /** What it draws its service time and its failing from, (0, 1). */
  work = new Float64Array(256);
  luck = new Float64Array(256);
  /** Milliseconds that a trace recorded. */
  recorded = new Float64Array(256);
  result = new Uint8Array(256);
  readonly #free: number[] = [];
  #used = 0;

  take(): number {
    if (this.#free.length > 0) return this.#free.pop()!;
    if (this.#used === this.owner.length) this.#grow();
    return this.#used++;
  }

  put(job: number): void {
    this.#free.push(job);
  }

  #grow(): void {
    this.owner = grown(this.owner);
    this.turn = grown(this.turn);
    this.endpoint = grown(this.endpoint);
    this.work = grown(this.work);
    this.luck = grown(this.luck);
    this.recorded = grown(this.recorded);
    this.result = grown(this.result);
  }
}

type Numbers = Int32Array | Float64Array | Uint8Array;

/** A copy with twice the room. */
export function grown<A extends Numbers>(array: A): A {
  const copy = new (array.constructor as new (length: number) => A)(array.length * 2);
  copy.set(array);
  return copy;
}
