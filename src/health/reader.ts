/** What all readers of answers to checks have in common: bytes go in as they arrive, one judgement comes out. */
import type { AgentReply } from "./agent.js";

export interface Judgement {
  readonly ok: boolean;
  readonly reason: string;
  /** Of an agent check: what the agent said. */
  readonly said?: AgentReply;
}

export interface Reader {
  /** Judges what has arrived so far; undefined = more is needed. Not to be fed after a judgement. */
  feed(bytes: Uint8Array): Judgement | undefined;
  /** The connection has ended before a judgement. */
  end(): Judgement;
  /** What was still waited for when time was up; undefined if that says nothing. */
  lacking?(): string | undefined;
}
