/** What happens before a policy chooses: priority levels, zones, subsets, slow start. */
import * as z from "zod";
import { DEFAULTS } from "../defaults.js";
import { NAME, parseName } from "../parse-text.js";
import { type Refused, refuse } from "../refused.js";
import { DURATION, MAX_DURATION_MS, PERCENT, parseDuration, parsePercent } from "../units.js";
import { entries, integer, mapping, type Params, quantity, text, tuned, word } from "./parts.js";

const percent = quantity(PERCENT, parsePercent);

function parseFactor(input: string | number): number | Refused {
  const factor = Number(input);
  return String(input).trim() === "" || Number.isNaN(factor) ? refuse(`not a number: ${input}`) : factor;
}

export const failover = mapping(
  "overprovisioning, panic",
  {
    overprovisioning: tuned(
      quantity("a factor from 1 to 10", parseFactor, 1, 10),
      DEFAULTS.failover.overprovisioning,
      "A level carries all of its load while its healthy share times this is at least 1.",
    ),
    panic: tuned(
      percent,
      DEFAULTS.failover.panic,
      "With less than this share healthy all endpoints are used; 0 = only when none is left.",
    ),
  },
  { threshold: "write panic" },
).prefault({});

export const locality = mapping(
  "mode, own, weights",
  {
    mode: tuned(
      word(["ignore", "weighted", "nearest"]),
      DEFAULTS.locality.mode,
      "ignore zones; weighted: each zone gets its weight's share; nearest: the own zone first.",
    ),
    own: text(NAME, parseName)
      .optional()
      .transform((zone) => zone ?? "")
      .describe("The zone that this process is in."),
    weights: entries("zones to weights", parseName, quantity("a weight from 0.001 to 1000", parseFactor, 0.001, 1000))
      .prefault({})
      .describe(`Weights of zones. Default ${DEFAULTS.locality.weight.value}: ${DEFAULTS.locality.weight.why}.`),
  },
  { zone: "write own" },
).prefault({});

export const subset = mapping("size, index, of", {
  size: integer(1, 16_384).describe("Endpoints that each process uses, at least."),
  index: integer(0, 65_535).describe("This process's number, from 0."),
  of: integer(1, 65_536).describe("How many processes share the endpoints."),
}).superRefine(({ index, of }, context) => {
  if (index < of) return;
  const params: Params = { expected: undefined, hint: "the first process is 0" };
  context.addIssue({ code: "custom", message: `there is no ${index} among ${of} processes`, params, path: ["index"] });
});

export const slowStart = z.union(
  [
    quantity(DURATION, parseDuration, 1, MAX_DURATION_MS).transform((window) => ({
      window,
      aggression: DEFAULTS.slowStart.aggression.value as number,
      min: 10,
    })),
    mapping(
      "window, aggression, min",
      {
        window: quantity(DURATION, parseDuration, 1, MAX_DURATION_MS).describe("Until the whole share is reached."),
        aggression: tuned(
          quantity("a factor from 0.1 to 10", parseFactor, 0.1, 10),
          DEFAULTS.slowStart.aggression,
          "1 rises evenly, more rises earlier.",
        ),
        min: tuned(
          quantity("a percentage from 0.1 % to 100 %", parsePercent, 0.1, 100),
          DEFAULTS.slowStart.min,
          "Share of its weight that an endpoint begins with.",
        ),
      },
      { duration: "write window" },
    ),
  ],
  { error: `${DURATION}, or a mapping (window, aggression, min)` },
);
