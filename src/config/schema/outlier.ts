/** Outlier detection: when an endpoint that fails real traffic is taken out, for how long, and how many at most. */
import { DEFAULTS } from "../defaults.js";
import { type Refused, refuse } from "../refused.js";
import { DURATION, MAX_DURATION_MS, PERCENT, parseDuration, parsePercent } from "../units.js";
import { integer, mapping, quantity, tuned } from "./parts.js";

const presets = DEFAULTS.outlier;
const time = quantity(DURATION, parseDuration, 1, MAX_DURATION_MS);
const percent = quantity(PERCENT, parsePercent);
const row = integer(0, 1000);
const volume = integer(1, 1_000_000);
const least = integer(1, 10_000);
const factor = quantity("a number from 0 to 1000", parseFactor, 0, 1000);

function parseFactor(input: string | number): number | Refused {
  const number = Number(input);
  return String(input).trim() === "" || !Number.isFinite(number) ? refuse(`${input} is not a number`) : number;
}

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
    interval: tuned(time, presets.interval, "How often the rates below are looked at."),
    successRate: mapping("stdevFactor, minVolume, minEndpoints, minFailurePercent", {
      stdevFactor: tuned(
        factor,
        presets.successRate.stdevFactor,
        "Ejected when the success rate is so many standard deviations below the mean of the cluster; 0 = never.",
      ),
      minVolume: tuned(volume, presets.successRate.minVolume, "Tries within an interval needed to be judged."),
      minEndpoints: tuned(least, presets.successRate.minEndpoints, "Endpoints with that volume needed to judge any."),
      minFailurePercent: tuned(
        percent,
        presets.successRate.minFailurePercent,
        "Who fails less than this is not ejected, however well the others do.",
      ),
    }).prefault({}),
    failurePercent: mapping("threshold, minVolume, minEndpoints", {
      threshold: tuned(percent, presets.failurePercent.threshold, "Ejected when so many tries fail; 0 = never."),
      minVolume: tuned(volume, presets.failurePercent.minVolume, "Tries within an interval needed to be judged."),
      minEndpoints: tuned(
        least,
        presets.failurePercent.minEndpoints,
        "Endpoints with that volume needed to judge any.",
      ),
    }).prefault({}),
    latency: mapping("factor, min, minVolume, minEndpoints", {
      factor: tuned(
        factor,
        presets.latency.factor,
        "Ejected when the mean response time is so many times the median of the cluster; 0 = never.",
      ),
      min: tuned(time, presets.latency.min, "Who answers within this is not ejected, however fast the others are."),
      minVolume: tuned(volume, presets.latency.minVolume, "Responses within an interval needed to be judged."),
      minEndpoints: tuned(least, presets.latency.minEndpoints, "Endpoints with that volume needed to judge any."),
    }).prefault({}),
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
