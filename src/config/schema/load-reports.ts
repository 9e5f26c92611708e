/** Loads that endpoints report of themselves (ORCA). */
import * as z from "zod";
import { DEFAULTS } from "../defaults.js";
import { type Refused, refuse } from "../refused.js";
import { DURATION, MAX_DURATION_MS, parseDuration } from "../units.js";
import { flag, mapping, quantity, tuned } from "./parts.js";

const PENALTY = "a number from 0 to 100";

function parsePenalty(input: string | number): number | Refused {
  const penalty = Number(input);
  const isNumber = String(input).trim() !== "" && penalty >= 0 && penalty <= 100;
  return isNumber ? penalty : refuse(`not such a number: ${input}`);
}

const reports = mapping("forward, errorPenalty, maxAge", {
  forward: tuned(flag(), DEFAULTS.loadReports.forward, "Clients see the reports too."),
  errorPenalty: tuned(
    quantity(PENALTY, parsePenalty),
    DEFAULTS.loadReports.errorPenalty,
    "What an error costs, as utilization of a request.",
  ),
  maxAge: tuned(
    quantity(DURATION, parseDuration, 1000, MAX_DURATION_MS),
    DEFAULTS.loadReports.maxAge,
    "An older report counts no more.",
  ),
});

export const loadReports = z.union([z.literal(true, { error: "true" }).transform(() => reports.parse({})), reports], {
  error: "true, or a mapping (forward, errorPenalty, maxAge)",
});
