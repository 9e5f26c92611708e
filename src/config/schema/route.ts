/** A route: what it matches, and one action (cluster, redirect or respond). `resolve-route.ts` checks that it is one. */
import * as z from "zod";
import { PRIORITIES } from "../../model/flow-spec.js";
import { DEFAULTS } from "../defaults.js";
import { parseLocation } from "../parse-location.js";
import {
  FIELD_VALUE,
  NAME,
  PLAIN_HOST,
  parseAuthority,
  parseFieldValue,
  parseName,
  parsePrefix,
  TARGET,
} from "../parse-text.js";
import { type Refused, refuse } from "../refused.js";
import { DURATION, MAX_DURATION_MS, parseDuration } from "../units.js";
import { faults } from "./faults.js";
import { hedge } from "./flow.js";
import { headerOperations } from "./headers.js";
import { match } from "./match.js";
import { mirror } from "./mirror.js";
import { flag, integer, mapping, quantity, text, tuned, word } from "./parts.js";
import { retry } from "./retry.js";
import { split } from "./split.js";

const LOCATION = "a URL or path; {host}, {path} and {query} are replaced";
const REDIRECTS = [301, 302, 303, 307, 308] as const;

/** Longest body of a fixed response: it is sent from one buffer, with its head. */
const MAX_RESPOND_BODY = 8192;

const optionalTime = quantity(DURATION, parseDuration);
const time = quantity(DURATION, parseDuration, 1, MAX_DURATION_MS);

const forwardTimeouts = mapping("responseHeader, perTry, total, idle", {
  responseHeader: tuned(
    time,
    DEFAULTS.forward.responseHeader,
    "From the request sent to the response header received.",
  ),
  perTry: tuned(optionalTime, DEFAULTS.forward.perTry, "One try, connecting included, until the response header."),
  total: tuned(optionalTime, DEFAULTS.forward.total, "The whole exchange, first request byte to last response byte."),
  idle: tuned(time, DEFAULTS.forward.idle, "No byte in either direction while a response or a tunnel is open."),
}).prefault({});

const redirect = z.union(
  [
    text(LOCATION, parseLocation).transform((location) => ({ status: 302 as const, location })),
    mapping("status, location", {
      status: z
        .literal(REDIRECTS, { error: `one of ${REDIRECTS.join(", ")}` })
        .prefault(302)
        .describe("Default 302: browsers keep the others for a long time."),
      location: text(LOCATION, parseLocation).describe(
        "Absolute URL or path; {host}, {path} and {query} are replaced.",
      ),
    }),
  ],
  { error: `${LOCATION}, or a mapping (status, location)` },
);

function parseBody(body: string): string | Refused {
  const length = new TextEncoder().encode(body).length;
  return length <= MAX_RESPOND_BODY ? body : refuse(`the body has ${length} bytes; the most is ${MAX_RESPOND_BODY}`);
}

const respondStatus = integer(200, 599);

const respond = z.union(
  [
    respondStatus.transform((status) => ({
      status,
      body: "",
      contentType: DEFAULTS.respond.contentType.value as string,
    })),
    mapping("status, body, contentType", {
      status: respondStatus,
      body: text("text", parseBody).prefault("").describe("Empty by default."),
      contentType: tuned(text(FIELD_VALUE, parseFieldValue), DEFAULTS.respond.contentType, "Content-Type of the body."),
    }),
  ],
  { error: "a status, or a mapping (status, body, contentType)" },
);

export const route = mapping(
  "match and cluster, split, redirect or respond",
  {
    name: text(NAME, parseName).optional().describe("For log and metrics; by default made of host and path."),
    match,
    cluster: text(NAME, parseName).optional().describe("Forward to this cluster."),
    split: split.optional().describe("Forward to several clusters, by weight."),
    rewrite: mapping("prefix, host", {
      prefix: text(TARGET, parsePrefix).optional().describe("Replaces the matched prefix of the path."),
      host: text(PLAIN_HOST, parseAuthority).optional().describe("Host that the endpoint sees."),
    }).optional(),
    timeouts: forwardTimeouts.describe("How long forwarding may take."),
    retry: retry.describe("When a failed try is repeated on another endpoint."),
    upgrade: tuned(flag(), DEFAULTS.forward.upgrade, "Let Upgrade requests (WebSocket) become tunnels."),
    faults: faults.optional().describe("Delays and errors made on purpose."),
    mirror: mirror.optional().describe("Send copies of the requests to another cluster, and throw its answers away."),
    hedge: hedge.optional().describe("Begin a second try beside a slow first one; by default never."),
    priority: tuned(
      word(PRIORITIES),
      DEFAULTS.forward.priority,
      "Who waits less, and who is refused last, where there is not room for all.",
    ),
    redirect: redirect.optional().describe("Answer with a redirect."),
    respond: respond.optional().describe("Answer with a fixed response."),
    requestHeaders: headerOperations.describe("Changes of the request header."),
    responseHeaders: headerOperations.describe("Changes of the response header."),
  },
  {
    path: "it stands in match: { path: ... }",
    host: "to match it, write match: { host: ... }; to send it, rewrite: { host: ... }",
    method: "it stands in match: { method: ... }",
    methods: "it stands in match: { method: ... }",
    headers: "to match them, write match: { headers: ... }; to change them, requestHeaders or responseHeaders",
    query: "it stands in match: { query: ... }",
    clusters: "write split: [{ cluster: a, weight: 1 }, { cluster: b, weight: 1 }]",
    weight: "write split: [{ cluster: a, weight: 1 }, { cluster: b, weight: 1 }]",
    fault: "did you mean faults?",
    shadow: "write mirror",
    upstream: "write cluster",
    backend: "write cluster",
    service: "write cluster",
    timeout: "write timeouts: { total: ... }",
    retries: "write retry: { attempts: ... }",
  },
);
