/** Active health checks and the retry budget of a cluster. */
import * as z from "zod";
import { DEFAULTS } from "../defaults.js";
import { parseStatuses, STATUSES } from "../parse-network.js";
import { METHOD, PLAIN_HOST, parseAuthority, parseLine, parseMethod, parseTarget, TARGET } from "../parse-text.js";
import { type Refused, refuse } from "../refused.js";
import { DURATION, MAX_DURATION_MS, PERCENT, parseDuration, parsePercent } from "../units.js";
import { probeHeaders } from "./headers.js";
import { integer, mapping, oneOrMore, quantity, text, tuned } from "./parts.js";

const time = quantity(DURATION, parseDuration, 1, MAX_DURATION_MS);
const percent = quantity(PERCENT, parsePercent);

/** A share from 0 to 1, or a percentage. */
function parseShare(input: string | number): number | Refused {
  if (typeof input === "string" && input.endsWith("%")) {
    const parsed = parsePercent(input);
    return typeof parsed === "number" ? parsed / 100 : parsed;
  }
  const share = Number(input);
  if (String(input).trim() === "" || !(share >= 0 && share <= 1)) return refuse(`${input} is not a share from 0 to 1`);
  return share;
}

const statuses = oneOrMore(
  z.union([z.number(), z.string()], { error: STATUSES }).transform((input, context) => {
    const range = parseStatuses(input);
    if ("message" in range) {
      context.addIssue({ code: "custom", message: range.message, params: { expected: STATUSES, hint: range.hint } });
      return z.NEVER;
    }
    return range;
  }),
  STATUSES,
);

const probe = mapping("path, method, host, headers, status, body", {
  path: text(TARGET, parseTarget).describe("What is asked for."),
  method: tuned(text(METHOD, parseMethod), DEFAULTS.health.method, "Method of the probe."),
  host: text(PLAIN_HOST, parseAuthority).optional().describe("Host that is sent; by default the endpoint's address."),
  headers: probeHeaders.prefault({}).describe("Further header fields."),
  status: tuned(statuses, DEFAULTS.health.status, "Statuses that pass: 200, 200-399, 2xx, or a list."),
  body: tuned(text("text", parseLine), DEFAULTS.health.body, "Text that the body must contain."),
});

const http = z.union([text(TARGET, parseTarget).transform((path) => probe.parse({ path })), probe], {
  error: `${TARGET}, or a mapping (path, method, host, headers, status, body)`,
});

export const health = mapping(
  "http or tcp, interval, rise, fall",
  {
    http: http.optional().describe("Probe by an HTTP request: a path, or a mapping."),
    tcp: z.literal(true, { error: "true" }).optional().describe("Probe by connecting."),
    interval: tuned(time, DEFAULTS.health.interval, "Between two probes of a healthy endpoint."),
    fastInterval: tuned(time, DEFAULTS.health.fastInterval, "Between two probes while down or changing."),
    timeout: tuned(time, DEFAULTS.health.timeout, "Longest probe."),
    jitter: tuned(
      quantity("a share from 0 to 1, or a percentage", parseShare),
      DEFAULTS.health.jitter,
      "Each wait is lengthened or shortened by up to this share.",
    ),
    rise: tuned(integer(1, 100), DEFAULTS.health.rise, "Successes in a row until up."),
    fall: tuned(integer(1, 100), DEFAULTS.health.fall, "Failures in a row until down."),
  },
  {
    path: "write http: /path",
    status: "write http: { path: /path, status: ... }",
    port: "probes use the endpoint's port",
  },
);

export const retryBudget = mapping("percent, minimum", {
  percent: tuned(percent, DEFAULTS.retryBudget.percent, "Retries in flight, as a share of active requests."),
  minimum: tuned(integer(0, 10_000), DEFAULTS.retryBudget.minimum, "Retries that are always allowed at once."),
}).prefault({});
