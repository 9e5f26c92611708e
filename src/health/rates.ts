/**
 * What an endpoint did between two looks, from figures that only rise: the input of all detectors that compare rates. Tries
 * that the client or the proxy gave up are in none of the figures: they say nothing about the endpoint.
 */

/** Sums since the start, over all workers. */
export interface Figures {
  /** Tries that ended well. */
  readonly succeeded: number;
  /** Tries that failed, and those that were answered with a 5xx. */
  readonly failed: number;
  /** Responses, and how long they took together. */
  readonly responses: number;
  readonly responseMs: number;
}

/** The same for one interval. */
export interface Sample {
  readonly id: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly responses: number;
  readonly responseMs: number;
}

/** An endpoint that stands out. */
export interface Suspect {
  readonly id: string;
  readonly cause: string;
  /** The larger the worse; comparable only within what one detector found. */
  readonly badness: number;
}

/** undefined if a figure fell: its place was given to another, and there is nothing to compare with. */
export function difference(id: string, now: Figures, before: Figures): Sample | undefined {
  const sample = {
    id,
    succeeded: now.succeeded - before.succeeded,
    failed: now.failed - before.failed,
    responses: now.responses - before.responses,
    responseMs: Math.max(0, now.responseMs - before.responseMs),
  };
  return sample.succeeded < 0 || sample.failed < 0 || sample.responses < 0 ? undefined : sample;
}

/** Tries that say something about the endpoint. */
export function volumeOf({ succeeded, failed }: Sample): number {
  return succeeded + failed;
}

/** 0 to 100; only for a volume above 0. */
export function failurePercentOf(sample: Sample): number {
  return (sample.failed * 100) / volumeOf(sample);
}

/** The worst first: they are ejected before the share that may be is used up. */
export function worstFirst(suspects: readonly Suspect[]): Suspect[] {
  return [...suspects].sort((a, b) => b.badness - a.badness);
}

/** One decimal, as reasons show figures. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
