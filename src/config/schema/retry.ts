/** When a failed try of a route is repeated, and how soon. */
import { RETRY_CONDITIONS } from "../../model/flow-spec.js";
import { DEFAULTS } from "../defaults.js";
import { DURATION, MAX_DURATION_MS, parseDuration } from "../units.js";
import { integer, list, mapping, quantity, tuned, word } from "./parts.js";

const optionalTime = quantity(DURATION, parseDuration, 0, MAX_DURATION_MS);

export const retry = mapping(
  "attempts, on, statuses, backoff, minTime, maxRetryAfter",
  {
    attempts: tuned(integer(0, 10), DEFAULTS.retry.attempts, "Tries beyond the first; 0 = never."),
    on: tuned(
      list(word(RETRY_CONDITIONS), "a list of conditions"),
      DEFAULTS.retry.on,
      "What is tried again, where that is safe; gateway-error is 502 to 504, retriable-4xx is 409.",
    ),
    statuses: tuned(
      list(integer(400, 599), "a list of statuses"),
      DEFAULTS.retry.statuses,
      "Further statuses that are tried again.",
    ),
    backoff: mapping("base, max", {
      base: tuned(optionalTime, DEFAULTS.retry.backoff.base, "Most that is waited before the first retry; it doubles."),
      max: tuned(optionalTime, DEFAULTS.retry.backoff.max, "Most that is waited before any retry."),
    }).prefault({}),
    minTime: tuned(
      optionalTime,
      DEFAULTS.retry.minTime,
      "With timeouts.total: no retry begins when less than this would be left.",
    ),
    maxRetryAfter: tuned(
      optionalTime,
      DEFAULTS.retry.maxRetryAfter,
      "Longest Retry-After of a 429 or 503 that is waited for; beyond it the response is forwarded.",
    ),
  },
  {
    budget: "the retry budget belongs to the cluster: retryBudget",
    perTry: "it stands in timeouts",
    delay: "write backoff: { base: ... }",
  },
).prefault({});
