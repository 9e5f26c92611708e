/** The file that describes a world to simulate. Endpoints inherit from `*` what they do not say themselves. */
import type * as z from "zod";
import { parseName } from "../parse-text.js";
import { type Refused, refuse } from "../refused.js";
import { SCENARIO_DEFAULTS } from "../scenario-defaults.js";
import { PERCENT, parsePercent } from "../units.js";
import { entries, flag, integer, list, mapping, quantity, tuned } from "./parts.js";

const DAY_MS = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Unlike the durations of a configuration these need not be whole milliseconds. */
function parseTime(input: string | number): number | Refused {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(String(input));
  if (match === null) return refuse(`not a number with a unit: ${input}`);
  const unit = match[2] === "" ? "ms" : match[2];
  return Object.hasOwn(UNITS, unit)
    ? Number(match[1]) * UNITS[unit]
    : refuse(`there is no unit ${unit}`, "write us, ms, s, m or h");
}

const TIME = "a time such as 500us, 0.5ms or 10s; a bare number is milliseconds";
const time = quantity(TIME, parseTime, 0, DAY_MS);
const positiveTime = quantity(TIME, parseTime, 0.001, DAY_MS);

function parsePlain(input: string | number): number | Refused {
  return /^\d+(?:\.\d+)?$/.test(String(input)) ? Number(input) : refuse(`${input} is not a number`);
}
const number = (least: number, most: number) => quantity(`a number from ${least} to ${most}`, parsePlain, least, most);

const rate = quantity(
  "a rate such as 800/s; a bare number is per second",
  (input) => parsePlain(typeof input === "string" ? input.replace(/\/s$/, "") : input),
  0.001,
  10_000_000,
);

const KINDS = "one of constant: TIME, exponential: TIME, lognormal: { median, sigma }, pareto: { least, shape, most }";

/** Exactly one of these; the resolver says so. */
const distribution = mapping("constant, exponential, lognormal or pareto", {
  constant: time.optional().describe("Always the same."),
  exponential: positiveTime.optional().describe("The mean."),
  lognormal: mapping("median, sigma", { median: positiveTime, sigma: number(0, 10) }).optional(),
  pareto: mapping("least, shape, most", {
    least: positiveTime,
    shape: number(0.1, 100),
    most: positiveTime.optional(),
  }).optional(),
}).superRefine((value, context) => {
  const given = Object.values(value).filter((part) => part !== undefined).length;
  if (given !== 1)
    context.addIssue({ code: "custom", message: "a service time is exactly one thing", params: { expected: KINDS } });
});

/** A percentage as a share. */
const share = quantity(PERCENT, (input) => {
  const percent = parsePercent(input);
  return typeof percent === "number" ? percent / 100 : percent;
});

const behaviour = {
  service: distribution.optional().describe("How long a request is served."),
  slower: number(0, 100_000).optional().describe("Multiplies every service time."),
  servers: integer(0, 1_000_000).optional().describe("Requests served at once, others wait; 0 = any number."),
  queue: quantity(
    "a number of requests, or unlimited",
    (input) => (input === "unlimited" ? Number.POSITIVE_INFINITY : parsePlain(input)),
    0,
  )
    .optional()
    .describe("Most that wait; one more is refused with 503."),
  errors: share.optional().describe("Share of requests that fail."),
  errorTime: time.optional().describe("How long a failing request takes."),
  errorStatus: integer(400, 599).optional().describe("What it is answered with."),
  down: flag().optional().describe("Refuses connections."),
  hangs: flag().optional().describe("Accepts and never answers."),
};
const NAMES = "service, slower, servers, queue, errors, down, hangs";

export const endpoint = mapping(`${NAMES}, changes`, {
  ...behaviour,
  changes: list(mapping(`at, ${NAMES}`, { at: time.describe("When."), ...behaviour }), "a list of changes")
    .optional()
    .describe("What becomes different, and when."),
});

const ARRIVALS = "one of poisson: RATE, constant: RATE, clients: NUMBER";

const arrivals = mapping("poisson, constant or clients", {
  poisson: rate.optional().describe("Many independent clients: exponential gaps."),
  constant: rate.optional().describe("Equal gaps."),
  clients: integer(1, 1_000_000).optional().describe("Each waits for its answer before it asks again."),
  think: time.optional().describe("How long a client waits after an answer."),
}).superRefine(({ poisson, constant, clients, think }, context) => {
  const given = [poisson, constant, clients].filter((part) => part !== undefined).length;
  if (given !== 1)
    context.addIssue({ code: "custom", message: "requests arrive in exactly one way", params: { expected: ARRIVALS } });
  else if (think !== undefined && clients === undefined)
    context.addIssue({ code: "custom", message: "only clients think", path: ["think"] });
});

const { keys } = SCENARIO_DEFAULTS;

export const scenario = mapping("arrivals, duration, endpoints ...", {
  arrivals: arrivals.describe("How requests come."),
  duration: tuned(positiveTime, SCENARIO_DEFAULTS.duration, "How long they come."),
  warmup: tuned(time, SCENARIO_DEFAULTS.warmup, "What comes before this is not counted."),
  roundTrip: tuned(time, SCENARIO_DEFAULTS.roundTrip, "Network, there and back, for each try."),
  idempotent: tuned(flag(), SCENARIO_DEFAULTS.idempotent, "Requests may be sent twice."),
  keys: mapping("count, zipf", {
    count: tuned(integer(1, 10_000_000), keys.count, "Different keys, for policies that hash."),
    zipf: tuned(number(0, 10), keys.zipf, "The n-th key's share is in proportion to n to the power of minus this."),
  }).prefault({}),
  endpoints: entries("endpoint ids to what they are like", parseName, endpoint).prefault({}),
});

export type ScenarioFile = z.output<typeof scenario>;
