/** One question that the bench asks every proxy. */
import type { Figure, Sample } from "../figures.js";
import type { Protocol, RunningPeer } from "../peers/peer.js";

export interface RunOptions {
  /** Length of one measured round. */
  readonly seconds: number;
  readonly folder: string;
}

/** One measured round of one proxy, warm-up included. */
export type Measure = (peer: RunningPeer, round: number) => Promise<Sample>;

export interface Scenario {
  readonly name: string;
  /** What is asked, in one line. */
  readonly question: string;
  readonly protocol: Protocol;
  /** The figure that the ratios compare. */
  readonly bar: Figure;
  /** Asked only of these unless others are named; undefined = of all. */
  readonly peers: readonly string[] | undefined;
  /** Each round starts a new process: for what a process remembers, such as its memory. */
  readonly fresh: boolean;
  /** Called once, when every proxy runs. */
  prepare(peers: readonly RunningPeer[], options: RunOptions): Promise<Measure>;
}
