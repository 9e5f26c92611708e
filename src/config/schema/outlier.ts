/** Outlier detection: when an endpoint that fails real traffic is taken out, for how long, and how many at most. */
import { DEFAULTS } from "../defaults.js";
import { DURATION, MAX_DURATION_MS, PERCENT, parseDuration, parsePercent } from "../units.js";
import { integer, mapping, quantity, tuned } from "./parts.js";

const presets = DEFAULTS.outlier;
const time = quantity(DURATION, parseDuration, 1, MAX_DURATION_MS);
const percent = quantity(PERCENT, parsePercent);
const row = integer(0, 1000);

export const outlier = mapping(
  "consecutiveFailures, ejection, maxEjection, maxEjectionPercent ...",
  {
    consecutiveFailures: tuned(
      row,
      presets.consecutiveFailures,
      "Failures of any kind in a row (connect failures, resets, timeouts, 502 to 504) until ejected; 0 = never.",
    ),
    consecutive5xx: tuned(row, presets.consecutive5xx, "Answers of 500 and above in a row until ejected; 0 = never."),
    consecutiveLocal: tuned(
      row,
      presets.consecutiveLocal,
      "Connect failures, resets and timeouts in a row until ejected; 0 = never.",
    ),
    ejection: tuned(time, presets.ejection, "First ejection; each further one in a row takes as much longer."),
    maxEjection: tuned(time, presets.maxEjection, "Longest ejection."),
    maxEjectionPercent: tuned(
      percent,
      presets.maxEjectionPercent,
      "Share of the cluster that may be ejected at once; the last endpoint never is.",
    ),
  },
  {
    consecutiveGatewayFailure: "write consecutiveFailures",
    baseEjectionTime: "write ejection",
    maxEjectionTime: "write maxEjection",
  },
).prefault({});
