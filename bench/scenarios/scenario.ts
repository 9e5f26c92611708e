/** One question that the bench asks every proxy. */
import type { Backend } from "../backend.js";
import type { Figure, Sample } from "../figures.js";
import type { Peer, Protocol, RunningPeer } from "../peers/peer.js";

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
  /** Proxies of its own in place of the usual ones, such as one per policy. */
  readonly roster?: readonly Peer[];
  /** Each round starts a new process: for what a process remembers, such as its memory. */
  readonly fresh: boolean;
  /** Endpoints of its own in place of the usual backend. They answer /small and nothing else. */
  startEndpoints?(): Promise<Backend>;
  /** Called once, when every proxy runs. */
  prepare(peers: readonly RunningPeer[], options: RunOptions): Promise<Measure>;
}
