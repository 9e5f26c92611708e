/** Discovery: where a cluster's endpoints come from besides its own list. */
import { isIP } from "node:net";
import type { Address } from "../../model/address.js";
import { DEFAULTS } from "../defaults.js";
import { parseAddress } from "../parse-address.js";
import { HOST, parseHostPattern, parseLine } from "../parse-text.js";
import { Refused, refuse } from "../refused.js";
import { DURATION, MAX_DURATION_MS, parseDuration } from "../units.js";
import { integer, list, mapping, quantity, text, tuned, word } from "./parts.js";

export const DNS_TYPES = ["A", "AAAA", "A+AAAA", "SRV"] as const;
export const DNS_MODES = ["strict", "logical"] as const;
const DNS_PORT = 53;

const RESOLVER = 'an IP address with or without a port: 10.0.0.2, 10.0.0.2:5353 or "[::1]:53"';

/** Below a second a resolver would be asked more often than anybody can change an answer. */
const ttl = quantity(DURATION, parseDuration, 1000, MAX_DURATION_MS);
const time = quantity(DURATION, parseDuration, 1, MAX_DURATION_MS);

function parseFile(path: string): string | Refused {
  return path === "" ? refuse("there is no file name") : parseLine(path);
}

function parseDnsName(input: string): string | Refused {
  if (isIP(input) !== 0) return refuse(`${input} is an address, not a name`, "write it under endpoints");
  const port = /^(.*):\d+$/.exec(input);
  if (port !== null) return refuse(`the name contains a port: ${input}`, `write name: ${port[1]} and port apart`);
  return input.startsWith("*") ? refuse("* has no meaning in DNS questions") : parseHostPattern(input);
}

function parseResolver(input: string): Address | Refused {
  if (isIP(input) === 4) return { family: "ip4", host: input, port: DNS_PORT };
  const address = parseAddress(isIP(input) === 6 ? `[${input}]:${DNS_PORT}` : input, "127.0.0.1", 1);
  if (address instanceof Refused || address.family !== "unix") return address;
  return refuse("a resolver has an IP address", "write 10.0.0.2 or 10.0.0.2:53");
}

const dns = mapping(
  "name, port, type, mode, minTtl, maxTtl, timeout, forgetAfter, resolvers",
  {
    name: text(HOST, parseDnsName).describe("The name to ask for, complete: no search domain is appended."),
    port: integer(1, 65_535).optional().describe("Port of every endpoint; not for SRV, whose answers carry it."),
    type: tuned(word(DNS_TYPES), DEFAULTS.dns.type, "Which records are asked for."),
    mode: tuned(
      word(DNS_MODES),
      DEFAULTS.dns.mode,
      "strict: every address is an endpoint; logical: the name is one endpoint, at one address at a time.",
    ),
    minTtl: tuned(ttl, DEFAULTS.dns.minTtl, "Asked again no sooner than this."),
    maxTtl: tuned(ttl, DEFAULTS.dns.maxTtl, "Asked again no later than this."),
    timeout: tuned(time, DEFAULTS.dns.timeout, "For one question to one resolver."),
    forgetAfter: tuned(
      quantity(DURATION, parseDuration, 0, MAX_DURATION_MS),
      DEFAULTS.dns.forgetAfter,
      "So long the name must be unknown (NXDOMAIN) until its endpoints are given up; none = never.",
    ),
    resolvers: tuned(
      list(text(RESOLVER, parseResolver), "a list of resolvers"),
      DEFAULTS.dns.resolvers,
      "Asked in this order; none = those of /etc/resolv.conf.",
    ),
  },
  { host: "write name", hostname: "write name", ttl: "write minTtl and maxTtl", resolver: "write resolvers: [...]" },
);

export const discovery = mapping(
  "file or dns",
  {
    file: text("a file name", parseFile)
      .optional()
      .describe("A file with a list of endpoints as they stand here, in YAML or JSON; followed as it changes."),
    dns: dns.optional().describe("Records of a name, asked for again as they expire."),
  },
  { srv: "write dns: { name: ..., type: SRV }", path: "write file", etcd: "file and dns are supported" },
);
