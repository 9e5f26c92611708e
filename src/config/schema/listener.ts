/** Listeners: where clients connect, and what happens to them. */
import * as z from "zod";
import { BUFFER_SIZE, HEADROOM } from "../../engine/memory.js";
import { DEFAULTS } from "../defaults.js";
import { ADDRESS, parseAddress } from "../parse-address.js";
import { NETWORK, parseNetwork } from "../parse-network.js";
import { NAME, parseFieldName, parseName } from "../parse-text.js";
import type { Refused } from "../refused.js";
import { DURATION, MAX_DURATION_MS, parseDuration, parseRate, parseSize, SIZE } from "../units.js";
import { flag, integer, list, mapping, quantity, text, tuned } from "./parts.js";
import { route } from "./route.js";

const time = quantity(DURATION, parseDuration, 1, MAX_DURATION_MS);

/** A header has to fit into one buffer behind the room that is kept for rewriting it. */
const MAX_HEADER = BUFFER_SIZE - HEADROOM - 1;
const headerSize = quantity(SIZE, parseSize, 64, MAX_HEADER);

const LISTEN = 'an address such as :8080, 127.0.0.1:8080, "[::]:8080" or unix:/run/app.sock';

const common = {
  name: text(NAME, parseName).optional().describe("For log and metrics; by default the address."),
  address: text(LISTEN, (input) => parseAddress(input, "0.0.0.0", 0)).describe(
    "Where to listen. :8080 is every IPv4 address; port 0 lets the system choose.",
  ),
};

const foreign = {
  port: "write address: :8080",
  listen: "write address",
  bind: "write address",
  host: "write address; hosts are matched by routes",
  tls: "TLS is not supported yet",
  timeout: "write timeouts",
  default: "a last route without match takes what is left",
};

export const tcpListener = mapping(
  "a tcp listener: address, protocol, cluster, timeouts",
  {
    ...common,
    protocol: z.literal("tcp"),
    cluster: text(NAME, parseName).describe("Where connections go."),
    timeouts: mapping("idle", {
      idle: tuned(time, DEFAULTS.tcp.idle, "Neither side sent a byte for this long: both are closed."),
    }).prefault({}),
  },
  { ...foreign, routes: "routes need protocol: http; a tcp listener has one cluster" },
);

const limits = mapping("maxLine, maxHeader, maxHeaderCount, maxChunkExtension, maxTrailer, maxBody", {
  maxLine: tuned(headerSize, DEFAULTS.httpLimits.maxLine, "Request line, and each header line."),
  maxHeader: tuned(headerSize, DEFAULTS.httpLimits.maxHeader, `Whole header; at most ${MAX_HEADER} bytes.`),
  maxHeaderCount: tuned(integer(1, 1000), DEFAULTS.httpLimits.maxHeaderCount, "Header lines."),
  maxChunkExtension: tuned(
    quantity(SIZE, parseSize, 0, 2 ** 30),
    DEFAULTS.httpLimits.maxChunkExtension,
    "Chunk extensions of one body, all together.",
  ),
  maxTrailer: tuned(quantity(SIZE, parseSize, 2, MAX_HEADER), DEFAULTS.httpLimits.maxTrailer, "Trailer section."),
  maxBody: tuned(
    quantity(`${SIZE}; or unlimited`, parseSize),
    DEFAULTS.httpLimits.maxBody,
    "Request body, or unlimited.",
  ),
}).prefault({});

const timeouts = mapping("header, bodyIdle, minRate, idle", {
  header: tuned(time, DEFAULTS.downstreamTimeouts.header, "First byte of a request to the end of its header."),
  bodyIdle: tuned(time, DEFAULTS.downstreamTimeouts.bodyIdle, "Between two pieces of a request body."),
  minRate: tuned(
    quantity("a rate such as 240B/s; a bare number is bytes per second", parseRate, 0, 2 ** 30),
    DEFAULTS.downstreamTimeouts.minRate,
    "Least average rate of a request body, and of a client reading a response; none = any.",
  ),
  idle: tuned(time, DEFAULTS.downstreamTimeouts.idle, "Between two requests of a connection."),
}).prefault({});

function parseVia(name: string): string | Refused {
  if (name === "") return name;
  const parsed = parseFieldName(name);
  return typeof parsed === "string" ? name : parsed;
}

export const httpListener = mapping(
  "an http listener: address, routes or cluster",
  {
    ...common,
    protocol: z.literal("http").optional().describe("http (default) or tcp."),
    cluster: text(NAME, parseName).optional().describe("Short for one route that takes everything."),
    routes: list(route, "a list of routes").optional().describe("The first that matches is taken."),
    limits: limits.describe("What a request may measure."),
    timeouts: timeouts.describe("How long a client may take."),
    trustedProxies: tuned(
      list(text(NETWORK, parseNetwork), "a list of networks"),
      DEFAULTS.http.trustedProxies,
      "Networks whose X-Forwarded-* and Forwarded fields are believed and extended; others' are replaced.",
    ),
    forwarded: tuned(flag(), DEFAULTS.http.forwarded, "Also send Forwarded (RFC 7239)."),
    via: tuned(text("a token, or empty for no Via", parseVia), DEFAULTS.http.via, "Our name in Via; empty = no Via."),
    requestId: tuned(flag(), DEFAULTS.http.requestId, "Give every request an X-Request-Id."),
  },
  foreign,
);

export const listener = z.discriminatedUnion("protocol", [httpListener, tcpListener]);

export const adminAddress = text(ADDRESS, (input) => parseAddress(input, "127.0.0.1", 0));
