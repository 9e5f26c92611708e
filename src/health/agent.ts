/**
 * What a program beside the endpoint says of it: one line of words, the protocol of HAProxy's agent-check (its configuration
 * manual, "agent-check"), so that agents written for it work here. Stricter in one thing: a line with a word that is not known,
 * or with two that contradict each other, says nothing at all, instead of half of what was meant.
 *
 *   up | down | failed | stopped     whether it can serve; the last three may be followed by #why
 *   ready | drain | maint            whether it wants new work; holds until another of them is said
 *   75%                              share of its configured weight; 0% = as drain
 *   maxconn:30                       most at once; 0 = as configured
 */

export interface AgentReply {
  /** undefined = not said. */
  readonly up: boolean | undefined;
  /** False: no new work. */
  readonly ready: boolean | undefined;
  readonly percent: number | undefined;
  readonly maxActive: number | undefined;
  /** The words as they are shown: `down: disk full`. */
  readonly text: string;
}

/** An agent's line; longer ones are malformed. */
export const MAX_AGENT_BYTES = 512;
/** Ten times its weight: beyond that a slip is more likely than a wish. */
const MAX_PERCENT = 1000;
const MAX_ACTIVE = 1_000_000;

/** @param line Latin-1, without its end @returns undefined if it is malformed or empty */
export function parseAgentReply(line: string): AgentReply | undefined {
  if (line.length > MAX_AGENT_BYTES || /[^\t\x20-\x7e\x80-\xff]/.test(line)) return undefined;
  const hash = line.indexOf("#");
  const words = (hash < 0 ? line : line.slice(0, hash)).split(/[ \t,]+/).filter((word) => word !== "");
  const found: { up?: boolean; ready?: boolean; percent?: number; maxActive?: number } = {};
  for (const word of words) {
    const meaning = meaningOf(word.toLowerCase());
    if (meaning === undefined || meaning[0] in found) return undefined;
    Object.assign(found, { [meaning[0]]: meaning[1] });
  }
  if (words.length === 0) return undefined;
  const why = hash < 0 ? "" : line.slice(hash + 1).trim();
  return {
    up: found.up,
    ready: found.ready,
    percent: found.percent,
    maxActive: found.maxActive,
    text: words.join(" ") + (why === "" ? "" : `: ${why}`),
  };
}

function meaningOf(word: string): [key: "up" | "ready" | "percent" | "maxActive", value: boolean | number] | undefined {
  switch (word) {
    case "up":
      return ["up", true];
    case "down":
    case "failed":
    case "stopped":
      return ["up", false];
    case "ready":
      return ["ready", true];
    case "drain":
    case "maint":
      return ["ready", false];
  }
  const number = /^(?:(\d{1,7})%|maxconn:(\d{1,7}))$/.exec(word);
  if (number === null) return undefined;
  const value = Number(number[1] ?? number[2]);
  if (number[1] !== undefined) return value <= MAX_PERCENT ? ["percent", value] : undefined;
  return value <= MAX_ACTIVE ? ["maxActive", value] : undefined;
}
