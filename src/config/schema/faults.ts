/** Fault injection: delays and errors made on purpose. Nothing of it is on unless it is written down. */
import { DEFAULTS } from "../defaults.js";
import { DURATION, MAX_DURATION_MS, PERCENT, parseDuration, parsePercent } from "../units.js";
import { flag, integer, mapping, quantity, tuned } from "./parts.js";

const percent = quantity(PERCENT, parsePercent);
const time = quantity(DURATION, parseDuration, 1, MAX_DURATION_MS);

export const faults = mapping(
  "delay, abort, header",
  {
    delay: mapping("percent, time", {
      percent: percent.describe("Share of the requests that wait."),
      time: time.describe("How long they wait before they are forwarded."),
    })
      .optional()
      .describe("Make requests wait."),
    abort: mapping("percent, status", {
      percent: percent.describe("Share of the requests that are answered with the status instead of being forwarded."),
      status: tuned(integer(200, 599), DEFAULTS.faults.status, "What they are answered with."),
    })
      .optional()
      .describe("Answer requests with an error."),
    header: tuned(flag(), DEFAULTS.faults.header, "Only for requests that ask by X-Plimsoll-Fault: delay, abort."),
  },
  { latency: "write delay: { percent: 10%, time: 200ms }", error: "write abort: { percent: 1%, status: 503 }" },
);
