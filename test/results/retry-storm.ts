/**
 * All endpoints are ten times slower for two seconds. Does the service come back? Requests time out after 250 ms, and what
 * timed out is worked off all the same: a metastable failure (Bronson et al. 2021) if retries keep the overload alive.
 */
import type { Figures, Interval } from "../../src/simulate/figures.js";
import { createBehaviour, SEED, simulate, subject, table, world } from "./world.js";

const SERVERS = 10;
const DURATION_MS = 80_000;
const HICCUP_MS = 20_000;
const HICCUP_LASTS_MS = 2000;

export const RULES = {
  "no retries": { attempts: 0, percent: 0, minimum: 0 },
  "3 retries, budget 20 %": { attempts: 3, percent: 20, minimum: 3 },
  "3 retries, no budget": { attempts: 3, percent: 100, minimum: 1_000_000 },
} as const;
export type Rule = keyof typeof RULES;

export interface Storm {
  /** Shares of requests that were answered: before, and in the last quarter. */
  readonly before: number;
  readonly after: number;
  /** In the last quarter. */
  readonly triesPerRequest: number;
}

/** @param load of what the endpoints can do, 0 to 1 */
export function storm(rule: Rule, load: number, endpoints: number): Storm {
  const { attempts, percent, minimum } = RULES[rule];
  const base = subject(endpoints, "least-request", { retryBudget: { percent, minimum } });
  const retry = { ...base.retry, attempts, on: ["timeout"] as const };
  const normal = createBehaviour({ servers: SERVERS });
  const scenario = {
    ...world(endpoints * SERVERS * 100 * load, DURATION_MS, {}),
    others: {
      first: normal,
      changes: [
        { atMs: HICCUP_MS, behaviour: { ...normal, slower: 10 } },
        { atMs: HICCUP_MS + HICCUP_LASTS_MS, behaviour: normal },
      ],
    },
  };
  const timeouts = { ...base.timeouts, perTryMs: 250 };
  return judge(simulate({ ...base, retry, timeouts }, scenario, SEED));
}

function judge({ timeline }: Figures): Storm {
  const before = timeline.filter(({ fromMs }) => fromMs < HICCUP_MS);
  // The very last part ends while its requests are still under way.
  const after = timeline.filter(({ fromMs }) => fromMs >= DURATION_MS * 0.75).slice(0, -1);
  const share = (parts: readonly Interval[], of: (part: Interval) => number): number =>
    parts.reduce((sum, part) => sum + of(part), 0) / parts.reduce((sum, { requests }) => sum + requests, 0);
  return {
    before: share(before, ({ ok }) => ok),
    after: share(after, ({ ok }) => ok),
    triesPerRequest: share(after, ({ tries }) => tries),
  };
}

export function stormTable(full: boolean): string {
  const rows = (full ? [0.7, 0.95] : [0.7]).flatMap((load) =>
    (Object.keys(RULES) as Rule[]).map((rule) => {
      const { before, after, triesPerRequest } = storm(rule, load, full ? 10 : 1);
      const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
      return [`${load * 100} %`, rule, percent(before), percent(after), triesPerRequest.toFixed(2)];
    }),
  );
  return table(["load", "rule", "answered before", "answered 40 s later", "tries per request then"], rows);
}
