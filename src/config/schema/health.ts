/** Active health checks and the retry budget of a cluster. */
import * as z from "zod";
import { DEFAULTS } from "../defaults.js";
import { ADDRESS, parseTo } from "../parse-address.js";
import { BYTES, parseBytes } from "../parse-bytes.js";
import { parseStatuses, STATUSES } from "../parse-network.js";
import {
  METHOD,
  NAME,
  PLAIN_HOST,
  parseAuthority,
  parseLine,
  parseMethod,
  parseName,
  parseTarget,
  TARGET,
} from "../parse-text.js";
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

const bytes = text(BYTES, parseBytes);
const tcp = z.union(
  [
    z.literal(true, { error: "true" }).transform(() => ({ send: "", expect: "" })),
    mapping("send, expect", {
      send: tuned(bytes, DEFAULTS.health.send, `What is sent once connected: ${BYTES}.`),
      expect: tuned(bytes, DEFAULTS.health.expect, `What the answer must contain: ${BYTES}.`),
    }),
  ],
  { error: "true, or a mapping (send, expect)" },
);

const port = integer(1, 65_535);
const agent = z.union(
  [
    port.transform((number) => ({ port: number })),
    mapping("port", { port: port.describe("Where the agent listens, at the endpoint's host.") }),
  ],
  { error: "a port, or a mapping (port)" },
);

const check = mapping(
  "http, tcp or agent, interval, rise, fall",
  {
    name: text(NAME, parseName).optional().describe("Shown in reasons and metrics; by default the kind of the check."),
    http: http.optional().describe("Check by an HTTP request: a path, or a mapping."),
    tcp: tcp.optional().describe("Check by connecting, and by what is answered to what is sent."),
    agent: agent.optional().describe("Ask a program beside the endpoint: HAProxy's agent-check protocol."),
    port: port.optional().describe("Checked instead of the endpoint's own port."),
    address: text(ADDRESS, parseTo).optional().describe("Checked instead of the endpoint's own address and port."),
    interval: tuned(time, DEFAULTS.health.interval, "Between two checks of a healthy endpoint."),
    fastInterval: tuned(time, DEFAULTS.health.fastInterval, "Between two checks while down or changing."),
    timeout: tuned(time, DEFAULTS.health.timeout, "Longest check."),
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
    send: "write tcp: { send: ..., expect: ... }",
    expect: "write tcp: { send: ..., expect: ... }",
    host: "write http: { path: /path, host: ... }",
    grpc: "gRPC checks need HTTP/2, which is not supported yet",
    exec: "programs are not run for checks, on purpose: let one listen and ask it with agent",
    script: "programs are not run for checks, on purpose: let one listen and ask it with agent",
  },
);

/** One, or a list of which each must pass. */
export const health = z.union(
  [
    check.transform((only) => ({ isList: false, checks: [only] })),
    z.array(check).transform((checks) => ({ isList: true, checks })),
  ],
  { error: "a mapping (http, tcp or agent, interval, rise, fall), or a list of them" },
);

export const retryBudget = mapping("percent, minimum", {
  percent: tuned(percent, DEFAULTS.retryBudget.percent, "Retries in flight, as a share of active requests."),
  minimum: tuned(integer(0, 10_000), DEFAULTS.retryBudget.minimum, "Retries that are always allowed at once."),
}).prefault({});
